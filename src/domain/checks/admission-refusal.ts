const ADMISSION = new RegExp(
  [
    "admission webhook",
    "failed calling webhook",
    "ValidatingAdmissionPolicy",
    "denied (?:the )?request",
    "(?:exceeded|failed) quota",
    "violates PodSecurity",
    "(?:maximum|minimum) \\S+ usage per",
    "limit to request ratio per",
    "is being terminated",
  ].join("|"),
);

/**
 * Whether a refusal comes from the rules of the cluster and not from the rights of the account: both are a 403, and only the
 * server's words tell them apart.
 */
export const isAdmissionRefusal = (message: string): boolean => ADMISSION.test(message);

/** Whether it is this quota that has no room for it. */
export const isOfQuota = (message: string, quota: string): boolean =>
  message.includes(`exceeded quota: ${quota},`);

/** A webhook that does not say what it would do without doing it: nothing was refused, and nothing is known. */
export const isUnrehearsable = (message: string): boolean =>
  /does not support dry run/.test(message);

/** The webhook that does not answer, by its name. */
export const webhookDown = (message: string): string | undefined =>
  /failed calling webhook "([^"]+)"/.exec(message)?.[1];
