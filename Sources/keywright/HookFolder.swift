// Where git looks for hooks, and putting ours there without losing another's.

internal import Git
internal import Model
internal import Posix

struct HookFolder {
  private let path: String
  private static let marker = "# keywright hook"
  /// An existing hook goes on under this ending.
  private static let chained = ".before-keywright"

  init(repository: String?, isGlobal: Bool) throws {
    if isGlobal {
      path = try HookFolder.templateFolder()
      return
    }
    let opened: Repository
    do { opened = try Repository.open(repository ?? ".") } catch {
      throw Failure(.usage, error.reason, hint: error.hint)
    }
    path = opened.configuredHooksPath() ?? opened.commonDirectory + "hooks"
  }

  /// `init.templateDir` of the user's configuration, or a folder of our own that is then named there by hand.
  private static func templateFolder() throws -> String {
    let folder = try Surroundings.configurationDirectory() + "/git-template"
    Console.complain(
      "hooks for new repositories lie in \(folder)/hooks",
      hint: "tell git, once: git config --global init.templateDir \(folder)")
    return folder + "/hooks"
  }

  func install(_ hook: HookKind) throws {
    let file = path + "/" + hook.rawValue
    do {
      try Files.makeDirectory(path, mode: 0o755)
      var keeps = Files.exists(file + HookFolder.chained)
      if Files.exists(file), !(try isOurs(file)) {
        guard !keeps else {
          throw Failure(
            .usage, "\(file) is another hook, and \(file + HookFolder.chained) is there, too",
            hint: "keep one of the two, then install again")
        }
        try Files.move(file, to: file + HookFolder.chained)
        keeps = true
      }
      try Files.replaceAtomically(file, Array(script(hook).utf8), mode: 0o755)
      Console.note("installed \(file)" + (keeps ? "; the hook that was there runs first" : ""))
    } catch let error as SystemError {
      throw Failure("\(file) was not installed: \(error)")
    }
  }

  func uninstall(_ hook: HookKind) throws {
    let file = path + "/" + hook.rawValue
    guard Files.exists(file) else { return }
    do {
      guard try isOurs(file) else { return Console.note("\(file) is not keywright's, and stays") }
      try Files.remove(file)
      if Files.exists(file + HookFolder.chained) { try Files.move(file + HookFolder.chained, to: file) }
      Console.note("removed \(file)")
    } catch let error as SystemError {
      throw Failure("\(file) was not removed: \(error)")
    }
  }

  private func isOurs(_ file: String) throws -> Bool {
    let bytes = try Files.read(file, maximumBytes: 1 << 20)
    return String(decoding: bytes, as: UTF8.self).contains(HookFolder.marker)
  }

  /// Standard input is read once by git's contract, so a chained hook that wants it gets a copy.
  private func script(_ hook: HookKind) -> String {
    let program = quoted(Surroundings.programPath)
    let run = "exec \"$keywright\" hook run \(hook.rawValue) \"$@\""
    let before = "\"$0\(HookFolder.chained)\""
    let feeds = hook != .preCommit
    return """
      #!/bin/sh
      \(HookFolder.marker): see keywright hook --help. To pass it by once: git \(hook == .prePush ? "push" : "commit") --no-verify
      keywright=\(program)
      [ -x "$keywright" ] || keywright=$(command -v keywright) || { echo "keywright: not found, nothing was scanned" >&2; exit 3; }
      \(feeds ? "input=$(cat)\n" : "")if [ -x \(before) ]; then
        \(feeds ? "printf '%s\\n' \"$input\" | " : "")\(before) "$@" || exit $?
      fi
      \(feeds ? "[ -n \"$input\" ] || exit 0\nprintf '%s\\n' \"$input\" | \"$keywright\" hook run \(hook.rawValue) \"$@\"" : run)

      """
  }

  private func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
