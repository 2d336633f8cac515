/** Loaded on first use, through a file of its own: a bundle gives the names of a CommonJS package only to a static import. */
export { SocksClient } from "socks";
