// What a rotation needs of the world, handed in, so that a seed and a manual clock replay a run.

public import EnvFiles
public import Ledger
public import Posix
public import Providers
public import RuleBook
public import Secrets

/// How a program of the configuration ended.
public struct HookEnd: Sendable, Equatable {
  /// Why it counts as failed; nil if it ended well.
  public var failure: String?
  /// Whether it was ended because somebody asked us to stop.
  public var wasCancelled: Bool
  /// What it wrote, for people; values are taken out before it is shown.
  public var output: [UInt8]

  /// An end as given.
  public init(failure: String? = nil, output: [UInt8] = [], wasCancelled: Bool = false) {
    self.failure = failure
    self.wasCancelled = wasCancelled
    self.output = output
  }
}

/// A provider and whoever speaks to it.
public struct ProviderSession: Sendable {
  /// The provider file.
  public var provider: Provider
  /// Speaks to it.
  public var client: any KeyService

  /// A session as given.
  public init(provider: Provider, client: any KeyService) {
    self.provider = provider
    self.client = client
  }
}

/// What a rotation needs of the world.
public struct RotationServices: Sendable {
  /// Durable state.
  public var ledger: Ledger
  /// Where hosts agree on who works on which key; nil where this is the only one.
  public var leases: LeaseTable?
  /// The time, and who waits.
  public var clock: any WallClock
  /// Where rotations' ids come from.
  public var random: any RandomSource
  /// Opens a session with a provider (its id, the service's address and particulars where configuration names them); nil
  /// where no provider file has that id.
  public var session: @Sendable (_ provider: String, _ base: String?, _ service: ServiceSettings?) -> ProviderSession?
  /// Who, for the audit log.
  public var actor: String
  /// Which files may be written.
  public var files: EnvPolicy
  /// Runs a program of trusted configuration (path and arguments), with these variables added to the environment.
  public var runHook: @Sendable (_ command: [String], _ variables: [String: String], _ timeoutMs: Int64) -> HookEnd
  /// The reload commands that trusted configuration names for a key now; nil where it does not name the key.
  public var reloads: @Sendable (_ key: String) -> [[String]]?
  /// Brings the value to a place beyond files.
  public var deliver: @Sendable (_ delivery: Delivery) -> DeliveryEnd
  /// Asks the person at the terminal; without a terminal there is nobody. What is asked for a value is read without echo.
  public var person: (any Person)?
  /// Called with `STATE:before` and `STATE:after` round each journal entry. A testing aid: what it throws ends the run on
  /// the spot, as a crash would.
  public var checkpoint: @Sendable (String) throws -> Void
  /// Whether somebody asked to stop.
  public var isInterrupted: @Sendable () -> Bool
  /// Told in a few words what is going on.
  public var progress: @Sendable (String) -> Void

  /// Services as given.
  public init(
    ledger: Ledger, leases: LeaseTable? = nil, clock: any WallClock = SystemClock(),
    random: any RandomSource = SystemRandom(),
    session: @escaping @Sendable (_ provider: String, _ base: String?, _ service: ServiceSettings?) -> ProviderSession?,
    actor: String,
    files: EnvPolicy = EnvPolicy(),
    runHook: @escaping @Sendable ([String], [String: String], Int64) -> HookEnd = { _, _, _ in
      HookEnd(failure: "no program can be run here")
    },
    reloads: @escaping @Sendable (String) -> [[String]]? = { _ in nil },
    deliver: @escaping @Sendable (Delivery) -> DeliveryEnd = { _ in .obstacle("nothing can be delivered here") },
    person: (any Person)? = nil, checkpoint: @escaping @Sendable (String) throws -> Void = { _ in },
    isInterrupted: @escaping @Sendable () -> Bool = { false }, progress: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.ledger = ledger
    self.leases = leases
    self.clock = clock
    self.random = random
    self.session = session
    self.actor = actor
    self.files = files
    self.runHook = runHook
    self.reloads = reloads
    self.deliver = deliver
    self.person = person
    self.checkpoint = checkpoint
    self.isInterrupted = isInterrupted
    self.progress = progress
  }
}

/// The person at the terminal.
public protocol Person: Sendable {
  /// Shows the lines and reads a value without echo; nil where the person gave none.
  func value(_ lines: [String]) -> Secret?
  /// Shows the lines and waits for consent.
  func consents(_ lines: [String]) -> Bool
}

/// Why a rotation was not begun, or could not be taken up. Nothing was sent that changes anything, and no file was touched.
public struct RotationRefusal: Error, Sendable, CustomStringConvertible {
  /// What callers tell apart.
  public enum Kind: Sendable {
    /// The configuration, or what it points to, must be put right.
    case configuration
    /// The provider or this machine does not let it go on now.
    case failure
    /// Another process is at it.
    case locked
    /// Somebody asked to stop.
    case interrupted
  }
  /// What callers tell apart.
  public var kind: Kind
  /// One sentence, without any value.
  public var reason: String
  /// What to do about it.
  public var hint: String?

  /// A refusal as given.
  public init(_ kind: Kind, _ reason: String, hint: String? = nil) {
    self.kind = kind
    self.reason = reason
    self.hint = hint
  }
  /// The reason.
  public var description: String { reason }
}

/// Somebody asked to stop; the journal says where it goes on.
struct Interrupted: Error {}
