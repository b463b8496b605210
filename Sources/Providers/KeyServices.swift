// Which implementation stands behind a provider file's language.

public import Posix
public import RuleBook
public import Transport

/// What services need of the world.
public struct KeyServiceTools: Sendable {
  /// What carries HTTP.
  public var transport: any HTTPTransport
  /// The time, and who waits.
  public var clock: any WallClock
  /// Keeps below request limits.
  public var limiter: RateLimiter
  /// Runs programs of trusted configuration.
  public var run: ProgramRunner

  /// Tools as given.
  public init(
    transport: any HTTPTransport, clock: any WallClock = SystemClock(), limiter: RateLimiter = RateLimiter(),
    run: @escaping ProgramRunner
  ) {
    self.transport = transport
    self.clock = clock
    self.limiter = limiter
    self.run = run
  }
}

/// Opens services.
public enum KeyServices {
  /// The service of a provider, and the provider as it is with these settings.
  public static func open(
    _ provider: Provider, _ settings: ServiceSettings?, _ tools: KeyServiceTools
  ) -> (provider: Provider, service: any KeyService) {
    var provider = provider
    switch provider.management?.language ?? .http {
    case .http:
      return (
        provider,
        ProviderClient(provider: provider, transport: tools.transport, clock: tools.clock, limiter: tools.limiter)
      )
    case .command, .guided:
      let programs = settings?.programs ?? [:]
      if provider.management?.language == .command {
        // What the programs can do decides how an unknown outcome is recovered from.
        provider.management?.recoverability =
          programs[.set] != nil ? .callerChosen : programs[.list] != nil ? .createDelete : .replaceOnce
      }
      return (provider, CommandService(settings, clock: tools.clock, runner: tools.run))
    case .postgresql, .mysql, .redis:
      return (provider, DatabaseService(provider, settings, clock: tools.clock))
    }
  }
}
