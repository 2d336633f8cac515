/** The only import of the Kubernetes client: loading it costs hundreds of milliseconds, so it is done on first use. */
export { KubeConfig } from "@kubernetes/client-node/dist/config.js";
