// keywright schedule: what is due when, and what makes the machine look.

internal import ArgumentParser
internal import Formats
internal import Glibc
internal import Ledger
internal import Model
internal import Posix
internal import Rotation

struct ScheduleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule",
    abstract: "Show what is due when, or make the machine rotate it.",
    subcommands: [ScheduleShowCommand.self, ScheduleInstallCommand.self])
}

struct ScheduleShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show every rotation that is to be expected, if each goes well.",
    discussion: "Nothing is written. A key that keywright has never seen counts as new today.")

  @Option(name: [.customLong("next")], help: ArgumentHelp("How far to look ahead.", valueName: "duration"))
  var horizon = "90d"
  @Option(help: "text or json (default: text).") var format: ListFormat = .text
  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  func validate() throws {
    guard DurationText.milliseconds(horizon) != nil else {
      throw ValidationError("--next must be a duration such as 90d")
    }
  }

  func run() throws {
    let configuration = try configured.load()
    let ledger = try Wiring.ledger(stateOptions, configuration)
    let now = SystemClock().now()
    let until = now + (DurationText.milliseconds(horizon) ?? 0)
    let forecast: RotationForecast
    do throws(LedgerError) {
      forecast = try Due.forecast(configuration, ledger, nowMs: now, untilMs: until)
    } catch { throw Failure(error) }
    let planned = forecast.rotations
    if let end = forecast.cutOffMs {
      Console.note(
        "more than \(Due.maximumForecast) rotations: the forecast ends at \(Timestamp.iso8601(end / 1_000)) for all keys alike"
      )
    }
    if format == .json { return Console.write(json(forecast)) }
    for item in planned {
      let place = item.environment.map { " (\($0))" } ?? ""
      let delay = item.delayedBy.map { ", held back by: \($0)" } ?? ""
      Console.write(
        RotationText.printed("\(Timestamp.iso8601(item.timeMs / 1_000))  \(item.name)\(place)\(delay)") + "\n")
    }
    let ageless = configuration.keys.filter { $0.policy.maximumAgeMs == nil }.map(\.name)
    if !ageless.isEmpty {
      let more = ageless.count > 20 ? " and \(ageless.count - 20) more" : ""
      Console.note("without max_age, never due: \(ageless.prefix(20).joined(separator: ", "))\(more)")
    }
    if planned.isEmpty { Console.note("nothing will be due within \(horizon)") }
  }

  private func json(_ forecast: RotationForecast) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { root in
      root.member("schema") { $0.integer(1) }
      root.member("cut_off") { $0.string(forecast.cutOffMs.map { Timestamp.iso8601($0 / 1_000) }) }
      root.member("schedule") { list in
        list.array { list in
          for item in forecast.rotations {
            list.object { entry in
              entry.member("name") { $0.string(item.name) }
              entry.member("environment") { $0.string(item.environment) }
              entry.member("time") { $0.string(Timestamp.iso8601(item.timeMs / 1_000)) }
              entry.member("delayed_by") { $0.string(item.delayedBy) }
            }
          }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }
}

struct ScheduleInstallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Print what makes the machine look for due keys, or write it with --write.",
    discussion: """
      Looking is cheap and harmless at any time: what is due follows from the ledger and the clock, runs that overlap end
      with status 75, and what was missed is caught up once.
      """)

  @Flag(help: "A systemd service and timer.") var systemd = false
  @Flag(help: "A crontab line.") var cron = false
  @Flag(help: "A Kubernetes CronJob.") var kubernetes = false
  @Option(help: ArgumentHelp("How often to look: a divisor of an hour or a day.", valueName: "duration")) var every =
    "15m"
  @Option(help: ArgumentHelp("With --kubernetes: the image that holds keywright.", valueName: "image")) var image:
    String?
  @Flag(help: "Write the files instead of printing them.") var write = false
  @Option(help: ArgumentHelp("With --write: where (default: where the scheduler looks).", valueName: "directory"))
  var directory: String?
  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  func validate() throws {
    guard [systemd, cron, kubernetes].count(where: { $0 }) == 1 else {
      throw ValidationError("give one of --systemd, --cron and --kubernetes")
    }
    guard DurationText.milliseconds(every).flatMap(ScheduleInterval.init(milliseconds:)) != nil else {
      throw ValidationError("--every must divide an hour or a day evenly, such as 5m, 15m, 1h, 6h or 1d")
    }
    guard !kubernetes || image != nil else { throw ValidationError("--kubernetes needs --image") }
    guard directory == nil || write else { throw ValidationError("--directory goes with --write") }
  }

  func run() throws {
    guard let interval = DurationText.milliseconds(every).flatMap(ScheduleInterval.init(milliseconds:)) else { return }
    let units = ScheduleUnits(command: try command(), interval: interval, environment: try environment())
    guard units.isWritable else {
      throw Failure(.usage, "a path holds a control character, which no scheduler's file can hold", hint: "rename it")
    }
    let files = try files(units)
    guard write else {
      for file in files { Console.write(files.count > 1 ? "# \(file.name)\n\(file.text)\n" : file.text) }
      return
    }
    let target = try directory ?? defaultDirectory()
    for file in files {
      let path = "\(target)/\(file.name)"
      do throws(SystemError) {
        try Files.makeDirectory(target, mode: 0o755)
        try Files.replaceAtomically(path, Array(file.text.utf8), mode: 0o644)
      } catch {
        throw Failure("\(error)", hint: "name another place with --directory, or print it and put it there yourself")
      }
      Console.note("wrote \(path)")
    }
    if systemd {
      let scope = isRoot ? "" : " --user"
      Console.note("now run: systemctl\(scope) daemon-reload && systemctl\(scope) enable --now keywright-rotate.timer")
    }
  }

  private var isRoot: Bool { geteuid() == 0 }

  private func files(_ units: ScheduleUnits) throws -> [(name: String, text: String)] {
    if systemd {
      return [("keywright-rotate.service", units.systemdService), ("keywright-rotate.timer", units.systemdTimer)]
    }
    if cron {
      guard write else { return [("keywright", units.cronLine())] }
      guard isRoot || directory != nil else {
        throw Failure(
          .usage, "a user's crontab is not a file to be written", hint: "run without --write, then: crontab -e")
      }
      return [("keywright", units.cronLine(user: "root"))]
    }
    return [("keywright-rotate.yaml", units.cronJob(image: image ?? ""))]
  }

  private func defaultDirectory() throws -> String {
    if kubernetes { return "." }
    if cron { return "/etc/cron.d" }
    if isRoot { return "/etc/systemd/system" }
    return Files.parent(try Surroundings.configurationDirectory()) + "/systemd/user"
  }

  private func command() throws -> [String] {
    if kubernetes { return ["keywright", "rotate", "--due", "--config", "/etc/keywright/keywright.toml"] }
    let configuration = try configured.load()
    let program: String
    do throws(SystemError) { program = try Files.realPath("/proc/self/exe") } catch { throw Failure("\(error)") }
    let state = try absolute(try Surroundings.stateDirectory(stateOptions.state))
    return [program, "rotate", "--due", "--config", try absolute(configuration.path), "--state", state]
  }

  /// A scheduler starts elsewhere, with hardly a variable: what this shell says about the install's key must be said there.
  private func environment() throws -> [String: String] {
    guard let key = Surroundings.variable("KEYWRIGHT_INSTALL_KEY"), !key.isEmpty else { return [:] }
    return ["KEYWRIGHT_INSTALL_KEY": kubernetes ? key : try absolute(key)]
  }

  /// The path from the root, whether or not it exists yet.
  private func absolute(_ path: String) throws -> String {
    if path.hasPrefix("/") { return path }
    do throws(SystemError) {
      let folder = try Files.realPath(".")
      return (folder == "/" ? "" : folder) + "/" + path.trimmingDots
    } catch { throw Failure("\(error)", hint: "name it from the root") }
  }
}

extension String {
  /// Without `./` before it.
  fileprivate var trimmingDots: String {
    var text = self[...]
    while text.hasPrefix("./") { text = text.dropFirst(2) }
    return String(text)
  }
}
