// What the doctor says of a repository's hooks.

internal import Git
internal import Posix

struct HookCheck {
  let checks: [DoctorCheck]

  init(_ target: String) {
    guard let repository = try? Repository.open(target, environment: GitEnvironment()) else {
      checks = [DoctorCheck("hooks", "no repository here")]
      return
    }
    let folder = repository.configuredHooksPath() ?? repository.commonDirectory + "hooks"
    let isBare = repository.workTree == nil
    let installed = HookKind.allCases.filter { HookCheck.calls(folder + "/" + $0.rawValue) }
    var found: [DoctorCheck] = []
    for hook in installed {
      let file = folder + "/" + hook.rawValue
      let isExecutable = ((try? Files.status(file).mode) ?? 0) & 0o111 != 0
      if !isExecutable {
        found.append(
          DoctorCheck("hooks", .failure, "\(file) can't be executed, so git ignores it", hint: "run: chmod +x \(file)"))
      } else if let program = HookCheck.program(in: file), !Files.exists(program) {
        found.append(
          DoctorCheck(
            "hooks", .failure, "\(file) calls \(program), which is gone",
            hint: "run: keywright hook install \(hook.rawValue)"))
      }
    }
    if found.isEmpty {
      found.append(HookCheck.summary(installed, folder, repository, isBare: isBare))
    }
    checks = found
  }

  private static func summary(
    _ installed: [HookKind], _ folder: String, _ repository: Repository, isBare: Bool
  ) -> DoctorCheck {
    if !installed.isEmpty {
      return DoctorCheck("hooks", "\(installed.map(\.rawValue).joined(separator: ", ")) in \(folder)")
    }
    let top = repository.workTree.map { $0.hasSuffix("/") ? $0 : $0 + "/" } ?? ""
    let managers = [
      ("pre-commit", ".pre-commit-config.yaml"), ("lefthook", "lefthook.yml"), ("husky", ".husky/pre-commit"),
    ]
    for (name, file) in managers where !isBare && calls(top + file) {
      return DoctorCheck("hooks", "\(file) of \(name) calls keywright")
    }
    return DoctorCheck(
      "hooks", .warning, "no hook of keywright's in \(folder)",
      hint: "run: keywright hook install" + (isBare ? " pre-receive" : ""))
  }

  /// Whether a file speaks of us.
  private static func calls(_ file: String) -> Bool {
    guard let bytes = try? Files.read(file, maximumBytes: 1 << 20) else { return false }
    return String(decoding: bytes, as: UTF8.self).contains("keywright")
  }

  /// The program that a hook of ours names.
  private static func program(in file: String) -> String? {
    guard let bytes = try? Files.read(file, maximumBytes: 1 << 20) else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("keywright='") && $0.hasSuffix("'") }) else { return nil }
    return String(line.dropFirst(11).dropLast()).replacing("'\\''", with: "'")
  }
}
