// Which libgit2 is at work.

internal import Clibgit2

/// The library that opens what is unusual about a repository.
public enum GitLibrary {
  /// Its version; nil where it can't be opened.
  public static var version: (major: Int, minor: Int, revision: Int)? {
    var (major, minor, revision): (Int32, Int32, Int32) = (0, 0, 0)
    guard unsafe keywright_git_libgit2_version(&major, &minor, &revision) == 0 else { return nil }
    return (Int(major), Int(minor), Int(revision))
  }

  /// The file that is looked for.
  public static var fileName: String { unsafe String(cString: keywright_git_library()) }
}
