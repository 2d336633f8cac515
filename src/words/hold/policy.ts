/** The API server's answer to a request that would end a held proxy. */
export const HELD = "tare upgrade holds this proxy until its streams have ended";
