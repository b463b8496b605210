// The program: its commands, and the one place where it ends.

internal import ArgumentParser
internal import Glibc
internal import KeyAuthority

struct Authority: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keywright-authority",
    abstract: "A small key service: issues, lists, regenerates and revokes API keys, and checks them on every request.",
    discussion: """
      serve answers over HTTP. issue, list and revoke work on the database file, whether the service runs or not; what they
      change holds from the next request on. The file keeps no key's value: a key that is lost can't be shown again.

      Exit status: 0 done, 1 failure, 2 usage.
      """,
    version: "0.1.0",
    subcommands: [ServeCommand.self, IssueCommand.self, ListCommand.self, RevokeCommand.self])
}

/// What went wrong, and what to do about it.
struct Failure: Error {
  let message: String
  let hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  /// The store's errors, with a hint where there is one.
  init(_ error: AuthorityError) {
    switch error {
    case .cannotOpen:
      self.init(
        error.message, hint: "name an existing folder and a file that you may write; serve and issue make the file")
    case .notAKeyDatabase: self.init(error.message, hint: "name another file with --database")
    case .unknownKey: self.init(error.message, hint: "list shows the ids of all keys")
    case .storage:
      self.init(
        error.message, hint: "nothing was changed; see whether the disk is full or another process holds the file")
    default: self.init(error.message)
    }
  }
}

@main
enum Program {
  static func main() async {
    // Everything that is written here, the database above all, is for its owner only.
    umask(0o077)
    exit(await run(Array(CommandLine.arguments.dropFirst())))
  }

  private static func run(_ arguments: [String]) async -> Int32 {
    do {
      var command = try Authority.parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      return 0
    } catch let failure as Failure {
      Terminal.complain(failure.message, hint: failure.hint)
      return 1
    } catch let error as AuthorityError {
      let failure = Failure(error)
      Terminal.complain(failure.message, hint: failure.hint)
      return 1
    } catch {
      return endOfParsing(error)
    }
  }

  /// What ArgumentParser throws: requests for help or the version are answers, the rest is bad usage.
  private static func endOfParsing(_ error: any Error) -> Int32 {
    let text = Authority.fullMessage(for: error)
    if Authority.exitCode(for: error) == .success {
      Terminal.write(text.hasSuffix("\n") ? text : text + "\n")
      return 0
    }
    Terminal.complain(text.hasPrefix("Error: ") ? String(text.dropFirst(7)) : text, hint: nil)
    return 2
  }
}
