const LOOPBACK = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Whether what is sent to this address can be read, and changed, on its way: `http:` that leaves the machine. */
export const isOpenToOthers = (address: string): boolean => {
  // Not `canParse`, which takes hosts that are too long for what parses them then.
  const url = URL.parse(address);
  return url?.protocol === "http:" && !LOOPBACK.test(url.hostname);
};
