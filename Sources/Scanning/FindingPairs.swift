// Findings that belong together by their rules' word: an id and its secret, side by side, are one leak.

internal import Model
internal import RuleBook

enum FindingPairs {
  /// No more partners than these are named for one finding.
  private static let maximumPartners = 4
  /// Of contents that hold more of such findings than these, only the first are compared.
  private static let maximumPlaces = 2_000

  /// What two occurrences in one and the same content share.
  private struct Content: Hashable {
    var place: Place
    var object: ObjectID?
    var path: BytePath
  }

  private struct Spot {
    var line: Int
    var finding: Int
  }

  /// The findings, each with those that its rule or theirs names as a pair and that stand near enough.
  ///
  /// - Parameter rules: the rules of the findings.
  static func join(_ findings: [Finding], _ rules: [RuleID: Rule]) -> [Finding] {
    let wanted = rules.mapValues { Set($0.pairs) }.filter { !$0.value.isEmpty }
    if wanted.isEmpty { return findings }
    let named = wanted.values.reduce(into: Set(wanted.keys)) { $0.formUnion($1) }
    var contents: [Content: [Spot]] = [:]
    for (index, finding) in findings.enumerated() where named.contains(finding.rule) {
      for place in finding.occurrences {
        let content = Content(place: place.place, object: place.object, path: place.path)
        contents[content, default: []].append(Spot(line: place.line, finding: index))
      }
    }
    // By the two findings' numbers, the smaller first.
    var nearest: [[Int]: Int] = [:]
    for spots in contents.values where spots.count > 1 {
      compare(spots.sorted { $0.line < $1.line }.prefix(maximumPlaces), findings, rules, wanted, &nearest)
    }
    var joined = findings
    for (pair, lines) in nearest {
      for (own, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
        let partner = findings[other]
        joined[own].partners.append(
          FindingPartner(
            rule: partner.rule, title: partner.title, fingerprint: partner.fingerprint, redacted: partner.redacted,
            lines: lines))
      }
    }
    for index in joined.indices where !joined[index].partners.isEmpty {
      joined[index].partners.sort { ($0.lines, $0.rule, $0.fingerprint) < ($1.lines, $1.rule, $1.fingerprint) }
      joined[index].partners = Array(joined[index].partners.prefix(maximumPartners))
    }
    return joined
  }

  private static func compare(
    _ spots: ArraySlice<Spot>, _ findings: [Finding], _ rules: [RuleID: Rule], _ wanted: [RuleID: Set<RuleID>],
    _ nearest: inout [[Int]: Int]
  ) {
    let widest = wanted.keys.reduce(0) { max($0, rules[$1]?.pairLines ?? 0) }
    for (number, spot) in zip(spots.indices, spots) {
      for other in spots[(number + 1)...] {
        let lines = other.line - spot.line
        if lines > widest { break }
        if other.finding == spot.finding { continue }
        let (one, two) = (findings[spot.finding].rule, findings[other.finding].rule)
        let isNear =
          wanted[one]?.contains(two) == true && lines <= rules[one]?.pairLines ?? 0
          || wanted[two]?.contains(one) == true && lines <= rules[two]?.pairLines ?? 0
        guard isNear else { continue }
        let pair = [min(spot.finding, other.finding), max(spot.finding, other.finding)]
        nearest[pair] = min(nearest[pair] ?? Int.max, lines)
      }
    }
  }
}

extension RuleList {
  /// The rules of some claims, by id.
  func byID(_ claims: some Sequence<Claim>) -> [RuleID: Rule] {
    var rules: [RuleID: Rule] = [:]
    for index in Set(claims.map(\.rule)) { rules[self[index].id] = self[index] }
    return rules
  }
}
