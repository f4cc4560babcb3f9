// cdktf records a stack trace for some twenty attributes of each VM, which nobody reads and nothing but this switches off: a fifth of all
// that Node does at synthesis. Errors keep their own.
Error.captureStackTrace = () => {};
