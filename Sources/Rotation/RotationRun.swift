// One rotation while it is worked on: its journal's tail, its lock, and the one way of going from state to state.

internal import EnvFiles
internal import Formats
internal import Ledger
internal import Posix
internal import Providers
internal import RuleBook
internal import Secrets

final class RotationRun {
  /// Key-making requests that a rotation may begin by itself; as many again each time a person says to go on.
  private static let mutationsAtATime = 2

  /// What a step leads to.
  enum Progress {
    case goOn
    /// Not now: the reason and what would help are kept for the report.
    case stop
  }

  let services: RotationServices
  let session: ProviderSession
  let fence: Int
  private(set) var replay: Replay
  /// Why it stopped, where the journal does not say.
  var obstacle: String?
  /// Whether it stopped only to let time go by, as the policy wants it.
  var isWaiting = false
  /// Whether the old key was already tried again in this run.
  var triedAgain = false
  let hold: KeyHold
  /// Values that were opened, or put away, in this run.
  private var opened: [String: Secret] = [:]

  init(_ services: RotationServices, _ session: ProviderSession, _ replay: Replay, fence: Int, hold: KeyHold) {
    self.services = services
    self.session = session
    self.replay = replay
    self.fence = fence
    self.hold = hold
  }

  /// Whether another key-making request may be begun.
  var mayAsk: Bool { replay.attempt < RotationRun.mutationsAtATime * (1 + replay.resumptions) }

  var txid: String { replay.txid }
  var snapshot: KeySnapshot { replay.snapshot }
  var client: any KeyService { session.client }
  var recoverability: Recoverability { Recoverability(rawValue: snapshot.recoverability) ?? .manual }

  /// The call that makes a key, by class.
  var makingRole: CallRole { KeyMaking.role(recoverability) }

  /// Goes to a state: the entry is durable when this returns.
  func advance(
    _ state: RotationState, _ facts: Facts = Facts(), attempt: Int? = nil,
    values: [(label: String, value: Secret)] = [], outcome: RotationOutcome? = nil, purges: Bool = false,
    inventory: InventoryRecord? = nil
  ) throws {
    guard replay.state.successors.contains(state) else {
      throw LedgerError(.damaged, "the rotation \(txid) can't go from \(replay.state.rawValue) to \(state.rawValue)")
    }
    try services.checkpoint("\(state.rawValue):before")
    let time = services.clock.now()
    let data = facts.json
    try services.ledger.append(
      LedgerStep(
        state: state.rawValue, data: data, timeMs: time, attempt: attempt, values: values,
        outcome: outcome?.rawValue, purges: purges, inventory: inventory),
      to: txid, fence: fence, actor: services.actor)
    for (label, value) in values { opened[label] = value }
    if purges { opened = [:] }
    try replay.take(
      JournalEntry(sequence: replay.steps.count + 1, state: state.rawValue, timeMs: time, data: data))
    if state.isEnd {
      rescue.remove()
      _ = try? hold.lease?.note(rotation: nil)
    }
    try services.checkpoint("\(state.rawValue):after")
  }

  /// What may be written: what this process may, and what a person consented to when the rotation began.
  var filePolicy: EnvPolicy {
    EnvPolicy(
      allowsTracked: services.files.allowsTracked || snapshot.allowsTracked, isTracked: services.files.isTracked)
  }

  /// What authorises a mutation: the administrator's password where configuration names one, otherwise the key given.
  func authority(_ own: Secret) throws -> Secret {
    guard let admin = snapshot.service?.admin else { return own }
    do throws(EnvFileError) {
      return try EnvFiles.currentValue(of: EnvTarget(path: admin.file, variable: admin.variable))
    } catch {
      throw Unauthorized(reason: "the password of '\(admin.user)' could not be read: \(error)")
    }
  }

  /// Hands over to a person: this key halts, its sealed values are kept.
  func halt(_ reason: String, hint: String) throws -> Progress {
    try advance(.human, Facts(reason: reason, hint: hint))
    return .stop
  }

  /// Stops for now.
  func pauseFor(_ reason: String) -> Progress {
    obstacle = reason
    return .stop
  }

  /// A sealed value that the state says must be there. Opened once: each opening costs as much as a commit.
  func value(_ label: String) throws -> Secret {
    if let value = opened[label] { return value }
    guard let value = try services.ledger.sealedValue(label, of: txid) else {
      throw LedgerError(.damaged, "the ledger lacks the value '\(label)' of rotation \(txid)")
    }
    opened[label] = value
    return value
  }

  /// Waits, unless somebody asks to stop.
  func wait(milliseconds: Int64) throws {
    let slice: Int64 = 100
    let start = services.clock.monotonic()
    while true {
      if services.isInterrupted() { throw Interrupted() }
      hold.keepAlive()
      let left = milliseconds - (services.clock.monotonic() - start)
      if left <= 0 { return }
      services.clock.sleep(milliseconds: min(left, slice))
    }
  }

  var targets: [EnvTarget] {
    FilePlace.targets(
      snapshot.files, snapshot.places, variable: snapshot.variable, dialects: snapshot.dialects,
      format: snapshot.format.flatMap { SettingFormat($0) })
  }
}

/// Which call makes a new key, and whether the old one outlives it.
enum KeyMaking {
  /// Whether the old key lives on until a request ends it.
  ///
  /// Where we choose the value, a service that can end one lets several live side by side; others forget the old one as
  /// soon as they are told the new one.
  static func isEndedByRequest(_ recoverability: Recoverability, _ client: any KeyService) -> Bool {
    switch recoverability {
    case .createDelete, .replaceWithGrace: true
    case .twoSlots, .callerChosen, .manual: client.has(.revoke)
    case .replaceReadable, .replaceOnce: false
    }
  }

  /// Whether what ends a key is told an id, rather than the value itself.
  static func isEndedByID(_ recoverability: Recoverability) -> Bool {
    [.createDelete, .replaceWithGrace, .twoSlots].contains(recoverability)
  }

  /// Whether what a list shows is needed: to clear up an unknown outcome, or to know the idle slot.
  static func needsList(_ recoverability: Recoverability) -> Bool {
    [.createDelete, .replaceWithGrace, .twoSlots].contains(recoverability)
  }

  static func role(_ recoverability: Recoverability) -> CallRole {
    [.createDelete, .twoSlots, .manual].contains(recoverability) ? .create : .regenerate
  }
}

/// What authorises a mutation can't be had now.
struct Unauthorized: Error {
  var reason: String
}
