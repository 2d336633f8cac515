/** An object of the cluster, whose schema is that of others: what `JSON.parse` makes of it. A wrong path fails the test. */
export type Unstructured = ReturnType<typeof JSON.parse>;
