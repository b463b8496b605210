// Where a repository was cloned from, as its configuration says.

internal import Clibgit2

extension Repository {
  /// The address of the remote `origin`; nil where there is none. Nothing is run, and nothing asked, for it.
  public func originAddress() -> String? {
    guard LibGit2.isReady else { return nil }
    var config: OpaquePointer?
    guard unsafe keywright_git_config_open_ondisk(&config, commonDirectory + "config") == 0, let config = unsafe config
    else { return nil }
    defer { unsafe keywright_git_config_free(config) }
    return unsafe ConfigEntries.matching(config, "^remote\\.origin\\.url$").last?.value
  }
}
