// What libraries of the consensus client call and older Node versions lack. Preloaded.
Promise.withResolvers ??= function withResolvers() { // Node 22
  const out = {};
  out.promise = new Promise((resolve, reject) => Object.assign(out, { resolve, reject }));
  return out;
};
globalThis.CustomEvent ??= class CustomEvent extends Event { // Node 19
  constructor(type, options) {
    super(type, options);
    this.detail = options?.detail ?? null;
  }
};
