/** An object of the cluster, whose schema is that of others. */
// biome-ignore lint/suspicious/noExplicitAny: tests look deep into objects, and a wrong path fails them
export type Unstructured = any;
