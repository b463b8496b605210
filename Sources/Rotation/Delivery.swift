// Brings a value to a place beyond files: look first, write only where the old value stands, and let the place itself
// compare where it can.

internal import Formats
public import Posix
public import Secrets
public import Transport

/// One delivery.
public struct Delivery: Sendable {
  /// Where to.
  public var target: DeliveryTarget
  /// The value that should be there.
  public var old: Secret
  /// The value to put there; nil only looks, and changes nothing.
  public var new: Secret?
  /// The rotation, so that a place can tell a repetition.
  public var txid: String
  /// The configured key's name.
  public var key: String
  /// The environment.
  public var environment: String?

  /// A delivery as given.
  public init(
    target: DeliveryTarget, old: Secret, new: Secret?, txid: String, key: String, environment: String? = nil
  ) {
    self.target = target
    self.old = old
    self.new = new
    self.txid = txid
    self.key = key
    self.environment = environment
  }
}

/// What came of a delivery.
public enum DeliveryEnd: Sendable, Equatable {
  /// The new value is there now; or, when only looking, could be written.
  case delivered
  /// The new value was there already.
  case inPlace
  /// The place holds a third value, or is not there: only a person can say what is right.
  case conflict(String)
  /// It could not be reached, or refused: perhaps not for good.
  case obstacle(String)
}

/// What deliveries need of the world.
public struct DeliveryServices: Sendable {
  /// Speaks to an address of trusted configuration, trusting these certificates; nil for the system's.
  public var transport: @Sendable (_ address: String, _ certificates: String?) -> any HTTPTransport
  /// The time.
  public var clock: any WallClock
  /// Runs a program with a secret as its standard input.
  public var run: @Sendable (_ command: [String], _ variables: [String: String], _ input: Secret) -> HookEnd

  /// Services as given.
  public init(
    transport: @escaping @Sendable (_ address: String, _ certificates: String?) -> any HTTPTransport,
    clock: any WallClock,
    run: @escaping @Sendable (_ command: [String], _ variables: [String: String], _ input: Secret) -> HookEnd
  ) {
    self.transport = transport
    self.clock = clock
    self.run = run
  }
}

/// Brings values to places.
public enum Deliveries {
  /// Delivers once. Safe to repeat.
  public static func deliver(_ delivery: Delivery, _ services: DeliveryServices) -> DeliveryEnd {
    do throws(DeliveryFault) {
      switch delivery.target.kind {
      case .command: return command(delivery, services)
      case .vault: return try VaultPlace(delivery, services).deliver()
      case .github: return try GitHubPlace(delivery, services).deliver()
      case .gitlab: return try GitLabPlace(delivery, services).deliver()
      case .kubernetes: return try KubernetesPlace(delivery, services).deliver()
      case .aws: return try SecretsManagerPlace(delivery, services).deliver()
      }
    } catch {
      return error.end
    }
  }

  private static func command(_ delivery: Delivery, _ services: DeliveryServices) -> DeliveryEnd {
    guard let program = delivery.target.command.first else { return .conflict("no program is named") }
    guard let status = try? Files.status(program), status.kind == .regular else {
      return .conflict("there is no program \(program)")
    }
    guard status.mode & 0o111 != 0 else { return .conflict("\(program) may not be run") }
    guard let new = delivery.new else { return .delivered }
    let end = services.run(
      delivery.target.command,
      [
        "KEYWRIGHT_KEY": delivery.key, "KEYWRIGHT_ENVIRONMENT": delivery.environment ?? "",
        "KEYWRIGHT_ROTATION": delivery.txid,
      ], new)
    guard let failure = end.failure else { return .delivered }
    // What it printed may hold the value in any form, so it is not shown.
    return .obstacle(failure)
  }
}

/// Why a delivery ends early.
struct DeliveryFault: Error {
  var end: DeliveryEnd
  static func obstacle(_ reason: String) -> DeliveryFault { DeliveryFault(end: .obstacle(reason)) }
  static func conflict(_ reason: String) -> DeliveryFault { DeliveryFault(end: .conflict(reason)) }
}
