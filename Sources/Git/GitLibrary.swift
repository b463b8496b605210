// Which libgit2 is at work.

internal import Clibgit2

/// The library that opens what is unusual about a repository.
public enum GitLibrary {
  /// Its version.
  public static var version: (major: Int, minor: Int, revision: Int) {
    var (major, minor, revision): (Int32, Int32, Int32) = (0, 0, 0)
    _ = unsafe git_libgit2_version(&major, &minor, &revision)
    return (Int(major), Int(minor), Int(revision))
  }
}
