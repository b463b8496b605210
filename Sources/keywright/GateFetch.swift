// Fetching what a shallow clone lacks: only when told to, and by git itself, with the remote that the clone has.

internal import Posix
internal import Report

enum GateFetch {
  private static let timeoutMilliseconds: Int64 = 15 * 60 * 1_000

  /// Completes the history behind the clone's boundary, and fetches the target branch and the missing commit.
  static func run(_ path: String, _ missing: MissingHistory, target: String?) throws {
    var environment = Surroundings.all
    environment["GIT_TERMINAL_PROMPT"] = "0"
    let common = ["-C", path, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules"]
    Console.note("fetching the missing history from origin")
    var refs = missing.isShallow ? ["+refs/heads/*:refs/remotes/origin/*"] : []
    if let target, refs.isEmpty { refs.append("+refs/heads/\(target):refs/remotes/origin/\(target)") }
    if let commit = missing.commit, commit.allSatisfy({ $0.isASCII && $0.isHexDigit }) {
      // A server need not hand out a commit by its id; without it the fetch of the branches has to do.
      _ = try? git(common + ["origin", commit], environment)
    }
    let completion = try git(common + (missing.isShallow ? ["--unshallow"] : []) + ["origin"] + refs, environment)
    guard completion.isSuccess else {
      let words = String(decoding: completion.errors, as: UTF8.self).split(separator: "\n").suffix(3)
      throw Failure(
        .incomplete,
        "the missing history could not be fetched: \(words.map { printable(String($0)) }.joined(separator: " / "))",
        hint: "check out the whole history instead of fetching it here")
    }
  }

  private static func git(_ arguments: [String], _ environment: [String: String]) throws -> Completion {
    guard let program = find("git") else {
      throw Failure(.incomplete, "git is not in PATH, so nothing could be fetched")
    }
    do {
      return try Spawn(program, arguments, environment: environment, timeoutMilliseconds: timeoutMilliseconds).run()
    } catch {
      throw Failure(.incomplete, "git could not be run: \(error)")
    }
  }

  /// A program of PATH; relative entries, which a repository could supply, do not count.
  private static func find(_ name: String) -> String? {
    (Surroundings.variable("PATH") ?? "/usr/bin:/bin").split(separator: ":").lazy.filter { $0.hasPrefix("/") }
      .map { "\($0)/\(name)" }.first { Files.exists($0) }
  }
}
