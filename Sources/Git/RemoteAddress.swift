// Where a repository was cloned from, as its configuration says.

internal import Clibgit2

extension Repository {
  /// The address of a remote; nil where there is none of that name. Nothing is run, and nothing asked, for it.
  public func remoteAddress(_ name: String) -> String? {
    guard LibGit2.isReady else { return nil }
    var config: OpaquePointer?
    guard unsafe git_config_open_ondisk(&config, commonDirectory + "config") == 0, let config = unsafe config else {
      return nil
    }
    defer { unsafe git_config_free(config) }
    var buffer = unsafe git_buf()
    defer { unsafe git_buf_dispose(&buffer) }
    guard unsafe git_config_get_string_buf(&buffer, config, "remote.\(name).url") == 0, let text = unsafe buffer.ptr
    else { return nil }
    return unsafe String(cString: text)
  }
}
