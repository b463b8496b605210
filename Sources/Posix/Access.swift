// Whether a file could be written, asked without writing one.

internal import Glibc

extension Files {
  /// Whether this process may write to the file, or make files in the directory, as far as permissions tell.
  public static func mayWrite(_ path: String) -> Bool { unsafe faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 }
}
