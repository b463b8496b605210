// What the doctor looks at: the machine and the install. It reads, and changes nothing.

internal import BuiltinRules
internal import Git
internal import Ledger
internal import Posix
internal import Rotation
internal import RuleBook
internal import Transport

struct Doctor {
  let target: String
  let configured: ConfigurationOptions
  let state: StateOptions

  func examine() -> [DoctorCheck] {
    var checks = [program, git, libgit2, libcurl, certificates, clock, scheduler]
    checks += stateDirectory
    checks.append(configurationFiles)
    checks.append(variables)
    checks += HookCheck(target).checks
    return checks
  }

  // MARK: The machine

  private var program: DoctorCheck {
    let rules = BuiltinRules.ruleBook.rules.count
    let text = "keywright \(programVersion) at \(Surroundings.programPath), \(rules) rules"
    guard let found = Doctor.find("keywright") else {
      return DoctorCheck(
        "program", .warning, text + "; not on the PATH",
        hint: "install it into a directory of the PATH: the pre-commit framework, husky and cron look for it there")
    }
    if let real = try? Files.realPath(found), let own = try? Files.realPath(Surroundings.programPath), real != own {
      return DoctorCheck(
        "program", .warning, text + "; the PATH has another at \(found)", hint: "remove one of the two")
    }
    return DoctorCheck("program", text)
  }

  private var git: DoctorCheck {
    guard let path = Doctor.find("git") else {
      return DoctorCheck(
        "git", .warning, "not on the PATH",
        hint: "scans do without it; hooks and gate --deepen need it: apt install git")
    }
    let version = Doctor.output(path, ["--version"])
    guard let version, version.hasPrefix("git version ") else {
      return DoctorCheck("git", .failure, "\(path) does not say its version", hint: "run: git --version")
    }
    return DoctorCheck("git", String(version.dropFirst(12)))
  }

  private var libgit2: DoctorCheck {
    guard let version = GitLibrary.version else {
      return DoctorCheck(
        "libgit2", .warning, "\(GitLibrary.fileName) can't be opened",
        hint: "unusual repositories need it (includes in the configuration, reftables): apt install libgit2-dev")
    }
    return DoctorCheck("libgit2", "\(version.major).\(version.minor).\(version.revision)")
  }

  private var libcurl: DoctorCheck {
    switch TransportLibrary.version {
    case .success(let version): DoctorCheck("libcurl", version)
    case .failure(let error):
      DoctorCheck("libcurl", .failure, error.reason, hint: "verify and rotate need it: apt install libcurl4")
    }
  }

  private var certificates: DoctorCheck {
    if let named = Surroundings.variable("SSL_CERT_FILE") {
      let isThere = (try? Files.status(named).kind) == .regular
      return DoctorCheck(
        "certificates", isThere ? .ok : .failure,
        "\(named), named by $SSL_CERT_FILE" + (isThere ? "" : ", is not there"),
        hint: "unset SSL_CERT_FILE, or name a file of certificates")
    }
    let usual = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]
    guard let found = usual.first(where: { Files.exists($0) }) else {
      return DoctorCheck(
        "certificates", .warning, "none found, so no provider's could be checked", hint: "apt install ca-certificates")
    }
    return DoctorCheck("certificates", found)
  }

  /// Ages of keys, expiry of baselines and signed requests all rest on the clock.
  private var clock: DoctorCheck {
    let now = SystemClock().now() / 1_000
    if let built = try? Files.status("/proc/self/exe").modifiedSeconds, now + 86_400 < Int64(built) {
      return DoctorCheck(
        "clock", .failure, "it stands before this program was built",
        hint: "set it; keys would be due at the wrong time")
    }
    guard let path = Doctor.find("timedatectl"),
      let told = Doctor.output(path, ["show", "--property=NTPSynchronized", "--value"]), ["yes", "no"].contains(told)
    else { return DoctorCheck("clock", "plausible; whether it is synchronised can't be told here") }
    return told == "yes"
      ? DoctorCheck("clock", "synchronised")
      : DoctorCheck(
        "clock", .warning, "not synchronised",
        hint: "run: timedatectl set-ntp true; some providers refuse requests "
          + "signed five minutes off")
  }

  private var scheduler: DoctorCheck {
    var places = ["/etc/systemd/system/keywright-rotate.timer", "/etc/cron.d/keywright"]
    if let folder = try? Surroundings.configurationDirectory() {
      places.append(Files.parent(folder) + "/systemd/user/keywright-rotate.timer")
    }
    if let installed = places.first(where: { Files.exists($0) }) {
      return DoctorCheck("scheduler", "\(installed) is there")
    }
    if let crontab = Doctor.find("crontab"), let lines = Doctor.output(crontab, ["-l"]), lines.contains("rotate --due")
    {
      return DoctorCheck("scheduler", "your crontab runs keywright rotate --due")
    }
    let systemd = Files.exists("/run/systemd/system")
    let cron = Doctor.find("crontab") != nil || Files.exists("/etc/cron.d")
    guard systemd || cron else {
      return DoctorCheck(
        "scheduler", .warning, "neither systemd nor cron is here",
        hint: "where keys are to be rotated on time: keywright schedule install --kubernetes")
    }
    let has = [systemd ? "systemd" : nil, cron ? "cron" : nil].compactMap { $0 }
    let keys = (try? configured.load())?.keys.contains { $0.policy.maximumAgeMs != nil } ?? false
    return DoctorCheck(
      "scheduler", keys ? .warning : .ok,
      "\(has.joined(separator: " and ")); nothing is installed to look for due keys",
      hint: "run: keywright schedule install --\(systemd ? "systemd" : "cron") --write")
  }

  // MARK: The install

  private var stateDirectory: [DoctorCheck] {
    let folder: String
    do { folder = try Surroundings.stateDirectory(state.state) } catch {
      let failure = error as? Failure
      return [DoctorCheck("ledger", .failure, failure?.message ?? "\(error)", hint: failure?.hint)]
    }
    guard let status = try? Files.status(folder) else {
      return [DoctorCheck("ledger", "\(folder) is not there yet; the first rotation makes it")]
    }
    guard status.kind == .directory else {
      return [
        DoctorCheck("ledger", .failure, "\(folder) is no directory", hint: "move it away, or name another with --state")
      ]
    }
    if status.owner != Identity.user {
      return [
        DoctorCheck(
          "ledger", .failure, "\(folder) belongs to another user",
          hint: "run keywright as its owner, or name another "
            + "with --state")
      ]
    }
    if status.mode & 0o077 != 0 {
      return [DoctorCheck("ledger", .failure, "others may look into \(folder)", hint: "run: chmod 700 \(folder)")]
    }
    guard Files.exists(folder + "/ledger.sqlite") else {
      return [DoctorCheck("ledger", "\(folder) is there, and empty")]
    }
    return ledger(folder)
  }

  private func ledger(_ folder: String) -> [DoctorCheck] {
    let configuration = try? configured.load()
    let key =
      Surroundings.variable("KEYWRIGHT_INSTALL_KEY") ?? configuration?.installKeyPath ?? folder + "/install.key"
    // Opening would make a key that is missing: looked at first.
    guard let status = try? Files.status(key) else {
      return [
        DoctorCheck(
          "install key", .failure, "\(key) is missing, though there is a ledger",
          hint: "restore it from a backup: values of open rotations can't be read without it")
      ]
    }
    guard status.mode & 0o077 == 0 else {
      return [DoctorCheck("install key", .failure, "others can read \(key)", hint: "run: chmod 600 \(key)")]
    }
    do {
      let ledger = try Ledger(directory: folder, keyPath: key)
      var checks = [DoctorCheck("install key", key), DoctorCheck("ledger", folder)]
      let open = try ledger.openRotations()
      if !open.isEmpty {
        let names = Set(open.map(\.key)).sorted().prefix(5).joined(separator: ", ")
        checks.append(
          DoctorCheck(
            "rotations", .warning, "\(open.count) open: \(shortened(names))", hint: "run: keywright resume"))
      }
      return checks
    } catch {
      return [DoctorCheck("ledger", .failure, error.reason, hint: error.hint)]
    }
  }

  private var configurationFiles: DoctorCheck {
    guard let checked = try? ConfigurationCheck.all(repository: target, flag: configured.config) else {
      return DoctorCheck("configuration", .failure, "it can't be looked for", hint: "set HOME")
    }
    let mistakes = checked.remarks.filter { !$0.isWarning && $0.file != "environment" }
    let warnings = checked.remarks.filter { $0.isWarning && $0.file != "environment" }
    if let first = mistakes.first {
      let more = mistakes.count == 1 ? "" : ", and \(mistakes.count - 1) more"
      return DoctorCheck("configuration", .failure, "\(first)\(more)", hint: "see: keywright config check")
    }
    if let first = warnings.first {
      return DoctorCheck("configuration", .warning, "\(first)", hint: first.hint ?? "see: keywright config check")
    }
    let files = checked.files.map(\.path)
    return DoctorCheck("configuration", files.isEmpty ? "none, which scans do without" : files.joined(separator: ", "))
  }

  private var variables: DoctorCheck {
    if let wrong = Settings.environmentMistakes().first {
      return DoctorCheck("environment", .failure, wrong.reason, hint: wrong.hint)
    }
    let names = Surroundings.ownNames
    if let unknown = names.first(where: { !Variables.isKnown($0) }) {
      return DoctorCheck(
        "environment", .warning, "$\(shortened(unknown)) is no variable that keywright looks at",
        hint: Near.hint(unknown, among: Variables.all.map(\.name)) ?? "unset it")
    }
    return DoctorCheck("environment", names.isEmpty ? "no KEYWRIGHT_ variable is set" : names.joined(separator: ", "))
  }

  // MARK: Programs

  /// Where the PATH leads to.
  static func find(_ program: String) -> String? {
    for folder in (Surroundings.variable("PATH") ?? "").split(separator: ":") where folder.hasPrefix("/") {
      let path = "\(folder)/\(program)"
      if let status = try? Files.status(path), status.kind == .regular, status.mode & 0o111 != 0 { return path }
    }
    return nil
  }

  /// What a program says, without the line's end; nil where it fails.
  private static func output(_ program: String, _ arguments: [String]) -> String? {
    let spawn = Spawn(program, arguments, environment: Surroundings.all, timeoutMilliseconds: 5_000)
    guard let completion = try? spawn.run(), completion.isSuccess else { return nil }
    let text = String(decoding: completion.output, as: UTF8.self)
    return shortenedLines(text)
  }

  private static func shortenedLines(_ text: String) -> String {
    var text = Substring(text.prefix(4_096))
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
