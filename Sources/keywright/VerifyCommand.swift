// keywright verify: asks the providers which findings of a report still open a door.

internal import ArgumentParser
internal import BuiltinRules
internal import Model
internal import Posix
internal import Providers
internal import Report
internal import RuleBook
internal import Scanning
internal import Secrets
internal import Transport

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Ask the providers which findings of a report still work.",
    discussion: """
      Re-reads each value from the repository by its locator, checks it against its fingerprint, and makes the
      provider's own harmless call with it. Only hosts named in the built-in rules, or in trusted configuration, are
      contacted; --plan lists them first and sends nothing.

      Exit status: 0 nothing is live, 1 something is live, 3 something could not be told.
      """)

  @Argument(help: ArgumentHelp("A JSON report of scan, or one of another scanner.", valueName: "report"))
  var report: String

  @OptionGroup var configured: ConfigurationOptions

  @Option(
    help: ArgumentHelp("Read the values from this repository instead of the one the report names.", valueName: "path"))
  var repository: String?

  @Flag(help: "List every host and request, and send nothing.")
  var plan = false

  @Option(help: "text or json (default: text).")
  var format: ReportFormat?

  @Option(name: [.short, .long], help: ArgumentHelp("Write the verified report there (mode 0600).", valueName: "file"))
  var output: String?

  func run() throws {
    var scanned = try ReportFile.read(report, repository: repository)
    ReportFile.recoverValues(&scanned, from: repository)
    let endpoints = try configured.endpoints()
    if plan { return showPlan(scanned, endpoints) }
    let verifier = FindingVerifier(endpoints: endpoints, findings: scanned.findings)
    for index in scanned.findings.indices {
      scanned.findings[index].verification = verifier.verify(scanned.findings[index])
    }
    try ReportFile.write(scanned, format: format, output: output, showSecrets: false)
    let counts = Dictionary(grouping: scanned.findings) { $0.verification?.liveness ?? .unknown }.mapValues(\.count)
    Console.note(
      "\(counts[.live, default: 0]) live, \(counts[.dead, default: 0]) dead, \(counts[.unknown, default: 0]) unknown")
    if counts[.live, default: 0] > 0 { throw ExitStatus.findings }
    if counts[.unknown, default: 0] > 0 { throw ExitStatus.incomplete }
  }

  private func showPlan(_ scanned: ScanReport, _ endpoints: [Endpoint]) {
    let verifier = FindingVerifier(endpoints: endpoints, findings: scanned.findings)
    var requests: [String: Int] = [:]
    for finding in scanned.findings {
      for request in verifier.requests(for: finding) { requests[request, default: 0] += 1 }
    }
    if requests.isEmpty { Console.note("nothing would be sent") }
    for (request, count) in requests.sorted(by: { $0.key < $1.key }) { Console.write("\(count) × \(request)\n") }
  }
}

/// A provider's service as trusted configuration names it.
struct Endpoint {
  var provider: String
  var base: String?
}

/// Asks about one finding after another.
final class FindingVerifier {
  private let endpoints: [Endpoint]
  private var clients: [String: ProviderClient] = [:]

  private let pairs: PairedFindings

  init(endpoints: [Endpoint], findings: [Finding]) {
    self.endpoints = endpoints
    pairs = PairedFindings(findings)
  }

  /// The requests that ``verify(_:)`` may send, without any value.
  func requests(for finding: Finding) -> [String] {
    guard let provider = BuiltinRules.ruleBook.providers.first(where: { $0.id == finding.provider }),
      let call = provider.verifyCall(for: finding.rule)
    else { return [] }
    // A signed question is sent once for each id that may belong to the secret, and not at all without one.
    let times = client(provider).needsKeyID(kind: finding.rule) ? pairs.values(beside: finding, provider).count : 1
    return contexts(provider, call).flatMap { context in
      Array(repeating: client(provider).describeQuestion(context, kind: finding.rule), count: times).compactMap { $0 }
    }
  }

  /// What the provider says. Where several services are configured for it, they are asked in turn until one accepts.
  func verify(_ finding: Finding) -> Verification {
    let now = SystemClock().now() / 1_000
    func unknown(_ why: String) -> Verification { Verification(liveness: .unknown, evidence: why, time: now) }
    guard let secret = finding.secret else {
      return unknown("its value could not be read again from where it was found")
    }
    guard let provider = BuiltinRules.ruleBook.providers.first(where: { $0.id == finding.provider }) else {
      return unknown("no provider file is named \(finding.provider)")
    }
    guard let call = provider.verifyCall(for: finding.rule) else {
      return unknown("\(provider.name) has no harmless call to ask with")
    }
    var contexts = contexts(provider, call)
    if client(provider).needsKeyID(kind: finding.rule) {
      let ids = pairs.values(beside: finding, provider)
      guard !ids.isEmpty else {
        return unknown("its id, without which it can't be asked about, was not found beside it")
      }
      contexts = contexts.flatMap { context in ids.map { CallContext(base: context.base, keyID: $0) } }
    }
    guard !contexts.isEmpty else {
      return unknown("the address of \(provider.name) is not configured (a [[key]] of that provider names it)")
    }
    var answers: [Verification] = []
    for context in contexts {
      let answer = client(provider).verify(secret, context, kind: finding.rule)
      if answer.liveness == .live { return answer }
      answers.append(answer)
    }
    // Dead is what all of them refuse: one that could not tell may be the one that knows it.
    return answers.first { $0.liveness == .unknown } ?? answers.last ?? unknown("not asked")
  }

  private func contexts(_ provider: Provider, _ call: CallTemplate) -> [CallContext] {
    let named = endpoints.filter { $0.provider == provider.id && $0.base != nil }
    if named.isEmpty {
      guard call.url.hasPrefix("{base}") else { return [CallContext()] }
      return provider.management?.base.map { [CallContext(base: $0)] } ?? []
    }
    var seen: Set<String> = []
    return named.compactMap { endpoint in
      guard let base = endpoint.base, seen.insert(base).inserted else { return nil }
      return CallContext(base: base)
    }
  }

  private func client(_ provider: Provider) -> ProviderClient {
    if let client = clients[provider.id] { return client }
    let bases = endpoints.filter { $0.provider == provider.id }.compactMap(\.base)
    let client = ProviderClient(provider: provider, transport: Wiring.transport(internalBases: bases))
    clients[provider.id] = client
    return client
  }
}
