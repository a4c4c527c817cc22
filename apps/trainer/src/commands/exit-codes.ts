/** Exit codes of `fovea`. */
export const EXIT = {
  success: 0,
  /** A fault of Fovea's own. */
  internal: 1,
  /** Something the user can put right: configuration, files, disk, a run in use. */
  user: 2,
  /** Ctrl-C: the run was saved and can be resumed. */
  interrupted: 130,
} as const;
