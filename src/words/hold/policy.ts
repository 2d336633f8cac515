/** What the API server says to whoever would end a held proxy. */
export const HELD = "tare upgrade holds this proxy until its streams have ended";
