package journal

// CoreVersion is the version of what the core does: two builds of one version
// have the same effects for the same inputs. It rises with every change by which
// the core answers any input otherwise than before; a journal that was recorded
// under another version may differ without a fault. A recorded run that is kept
// with package recorder holds the number to what the core does.
const CoreVersion = 3
