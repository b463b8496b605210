// What makes a machine call `keywright rotate --due` again and again: systemd units, a crontab line, a CronJob. The tick
// itself is stateless: missed and doubled ones do no harm.

/// How often, in a form that every scheduler can say.
public enum ScheduleInterval: Sendable, Equatable {
  /// Every so many minutes, a divisor of 60.
  case minutes(Int)
  /// Every so many hours, a divisor of 24.
  case hours(Int)
  /// Once a day.
  case daily

  /// What a duration comes to; nil where no scheduler could say it evenly.
  public init?(milliseconds: Int64) {
    switch milliseconds {
    case 60_000..<3_600_000 where milliseconds % 60_000 == 0 && 60 % (milliseconds / 60_000) == 0:
      self = .minutes(Int(milliseconds / 60_000))
    case 3_600_000..<86_400_000 where milliseconds % 3_600_000 == 0 && 24 % (milliseconds / 3_600_000) == 0:
      self = .hours(Int(milliseconds / 3_600_000))
    case 86_400_000: self = .daily
    default: return nil
    }
  }

  /// Five fields of a crontab, a few minutes past the hour so that not everything begins at once.
  var cron: String {
    switch self {
    case .minutes(let count): count == 1 ? "* * * * *" : "*/\(count) * * * *"
    case .hours(let count): count == 1 ? "7 * * * *" : "7 */\(count) * * *"
    case .daily: "7 3 * * *"
    }
  }

  var calendar: String {
    switch self {
    case .minutes(let count): "*-*-* *:00/\(count):00"
    case .hours(let count): "*-*-* 00/\(count):07:00"
    case .daily: "*-*-* 03:07:00"
    }
  }
}

/// Writes schedulers' files.
public struct ScheduleUnits: Sendable {
  /// The program and its arguments.
  public var command: [String]
  /// How often.
  public var interval: ScheduleInterval
  /// Variables that the program is given, none of them secret; they stay in the order of their names.
  public var environment: [String: String]

  /// A schedule as given.
  public init(command: [String], interval: ScheduleInterval, environment: [String: String] = [:]) {
    self.command = command
    self.interval = interval
    self.environment = environment
  }

  /// Whether everything can be said on one line, as the schedulers' files want it.
  public var isWritable: Bool {
    (command + environment.flatMap { [$0.key, $0.value] }).allSatisfy { text in
      text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
  }

  private var variables: [(name: String, value: String)] {
    environment.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// A service that is run once at a time, to its end.
  public var systemdService: String {
    """
    [Unit]
    Description=Rotate the keys that are due (keywright)
    Wants=network-online.target
    After=network-online.target

    [Service]
    Type=oneshot
    \(variables.map { "Environment=\(ScheduleUnits.systemdQuoted("\($0.name)=\($0.value)", isCommand: false))\n" }.joined())\
    ExecStart=\(command.map { ScheduleUnits.systemdQuoted($0) }.joined(separator: " "))
    # 75: another run holds the lock, and does the work.
    SuccessExitStatus=75
    # A request that makes a key is let come to its answer before the process is killed.
    TimeoutStopSec=120
    NoNewPrivileges=yes
    PrivateTmp=yes
    ProtectKernelTunables=yes
    ProtectControlGroups=yes
    LockPersonality=yes
    RestrictSUIDSGID=yes

    """
  }

  /// The timer of the service.
  public var systemdTimer: String {
    """
    [Unit]
    Description=Look for keys that are due (keywright)

    [Timer]
    OnCalendar=\(interval.calendar)
    RandomizedDelaySec=60
    # What was missed while the machine was off is looked at once.
    Persistent=true

    [Install]
    WantedBy=timers.target

    """
  }

  /// A crontab line; with a user's name, one for /etc/cron.d.
  public func cronLine(user: String? = nil) -> String {
    let settings = variables.map { "\($0.name)=\(ScheduleUnits.shellQuoted($0.value))" }
    let text = (settings + command.map(ScheduleUnits.shellQuoted)).joined(separator: " ").replacing("%", with: "\\%")
    return "\(interval.cron) \(user.map { $0 + " " } ?? "")\(text)\n"
  }

  /// A CronJob. Configuration, state and environment files are volumes that the cluster's own manifests define.
  public func cronJob(image: String, name: String = "keywright-rotate") -> String {
    """
    apiVersion: batch/v1
    kind: CronJob
    metadata:
      name: \(name)
    spec:
      schedule: "\(interval.cron)"
      # The ledger is one file: one run at a time.
      concurrencyPolicy: Forbid
      startingDeadlineSeconds: 300
      successfulJobsHistoryLimit: 3
      failedJobsHistoryLimit: 5
      jobTemplate:
        spec:
          # A run that failed is looked at by the next tick, which resumes it first.
          backoffLimit: 0
          template:
            spec:
              restartPolicy: Never
              terminationGracePeriodSeconds: 120
              automountServiceAccountToken: false
              containers:
                - name: keywright
                  image: \(ScheduleUnits.yamlQuoted(image))
                  command:
    \(command.map { "                - \(ScheduleUnits.yamlQuoted($0))" }.joined(separator: "\n"))
                  env:
                    - name: KEYWRIGHT_STATE
                      value: /var/lib/keywright
    \(variables.map { "                - name: \($0.name)\n                  value: \(ScheduleUnits.yamlQuoted($0.value))\n" }.joined())\
                  securityContext:
                    allowPrivilegeEscalation: false
                    readOnlyRootFilesystem: true
                    capabilities:
                      drop: [ALL]
                  volumeMounts:
                    - name: state
                      mountPath: /var/lib/keywright
                    - name: configuration
                      mountPath: /etc/keywright
                      readOnly: true
              volumes:
                - name: state
                  persistentVolumeClaim:
                    claimName: keywright-state
                - name: configuration
                  secret:
                    secretName: keywright-configuration

    """
  }

  /// A word of systemd's command lines: quoted where it must be, `%` and `$` as themselves.
  static func systemdQuoted(_ word: String, isCommand: Bool = true) -> String {
    var text = ""
    for character in word {
      switch character {
      case "\\", "\"": text += "\\\(character)"
      case "%": text += "%%"
      case "$" where isCommand: text += "$$"
      default: text.append(character)
      }
    }
    return text == word && isPlain(word) ? word : "\"\(text)\""
  }

  static func shellQuoted(_ word: String) -> String {
    isPlain(word) ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }

  private static func yamlQuoted(_ word: String) -> String {
    "\"" + word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  private static func isPlain(_ word: String) -> Bool {
    !word.isEmpty
      && word.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x2f, 0x3a, 0x3d, 0x5f: true
        default: false
        }
      }
  }
}
