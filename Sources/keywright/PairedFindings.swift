// Credentials that belong together: a secret is asked about with the id that stands beside it.

internal import Model
internal import RuleBook
internal import Secrets

struct PairedFindings {
  private let findings: [RuleID: [Finding]]
  /// No more partners than these are tried for one finding.
  private static let maximumPartners = 4

  init(_ findings: [Finding]) { self.findings = Dictionary(grouping: findings, by: \.rule) }

  /// The values of the paired kinds that were seen within the rule's number of lines in the same file, the nearest first.
  func values(beside finding: Finding, _ provider: Provider) -> [String] {
    guard let rule = provider.rules.first(where: { $0.id == finding.rule }) else { return [] }
    let partners = rule.pairs.flatMap { findings[$0, default: []] }.compactMap { other -> (Int, String)? in
      guard let secret = other.secret, let lines = distance(finding, other), lines <= rule.pairLines else { return nil }
      let bytes = secret.copyBytes()
      // What is to be named in a request's head is plain letters and digits, as ids are.
      guard bytes.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) })
      else { return nil }
      return (lines, String(decoding: bytes, as: UTF8.self))
    }
    var seen: Set<String> = []
    return partners.sorted { $0 < $1 }.map(\.1).filter { seen.insert($0).inserted }.prefix(Self.maximumPartners).map {
      $0
    }
  }

  /// The least number of lines between the two in one file; nil where they share none.
  private func distance(_ left: Finding, _ right: Finding) -> Int? {
    var places: [Occurrence.Key: [Int]] = [:]
    for occurrence in right.occurrences { places[occurrence.key, default: []].append(occurrence.line) }
    return left.occurrences.flatMap { here in places[here.key, default: []].map { abs($0 - here.line) } }.min()
  }
}

extension Occurrence {
  /// What two occurrences in one and the same content share.
  fileprivate struct Key: Hashable {
    var place: Place
    var object: ObjectID?
    var path: BytePath
  }

  fileprivate var key: Key { Key(place: place, object: object, path: path) }
}
