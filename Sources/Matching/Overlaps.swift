// From what single literals led to, to what is claimed: each claim once, and of claims that overlap the best.

public import Model
public import RuleBook

extension Matcher {
  /// The numbers of the candidates without those that repeat another, in the order of rules and then offsets. Several
  /// literals may lead to one match, and of overlapping secrets of one rule the first counts.
  public static func distinct(_ candidates: [Candidate], rules: RuleList) -> [Int] {
    if candidates.count < 2 { return Array(candidates.indices) }
    let order = candidates.indices.sorted { left, right in
      let (a, b) = (candidates[left], candidates[right])
      if a.rule != b.rule { return a.rule < b.rule }
      if a.secret.lowerBound != b.secret.lowerBound { return a.secret.lowerBound < b.secret.lowerBound }
      if a.secret.upperBound != b.secret.upperBound { return a.secret.upperBound > b.secret.upperBound }
      if a.confidence != b.confidence { return a.confidence > b.confidence }
      return (a.match.lowerBound, a.match.upperBound) < (b.match.lowerBound, b.match.upperBound)
    }
    var kept: [Int] = []
    for index in order {
      if let last = kept.last, candidates[last].rule == candidates[index].rule {
        let (secret, other) = (candidates[index].secret, candidates[last].secret)
        let isDetector = rules.facts[candidates[index].rule].kind == .detector
        if secret == other || !isDetector && secret.lowerBound < other.upperBound { continue }
      }
      kept.append(index)
    }
    return kept
  }

  /// Of candidates that overlap, keeps the best-founded: by confidence, a rule before a detector, then by the length of
  /// the secret, then the more severe rule, then the rule's place. The result is sorted by offset.
  public static func resolveOverlaps(_ candidates: [Candidate], rules: RuleList) -> [Candidate] {
    winners(candidates, Array(candidates.indices), rules: rules).map { candidates[$0] }
  }

  /// The same for the candidates with these numbers.
  public static func winners(_ candidates: [Candidate], _ numbers: [Int], rules: RuleList) -> [Int] {
    if numbers.count < 2 { return numbers }
    let ranked = numbers.sorted { left, right in
      let (one, other) = (candidates[left], candidates[right])
      if one.confidence != other.confidence { return one.confidence > other.confidence }
      let isRule = rules.facts[one.rule].kind != .detector
      let isOtherRule = rules.facts[other.rule].kind != .detector
      if isRule != isOtherRule { return isRule }
      if one.secret.count != other.secret.count { return one.secret.count > other.secret.count }
      let (a, b) = (rules.facts[one.rule].severity, rules.facts[other.rule].severity)
      return a != b ? a > b : (one.rule, one.secret.lowerBound) < (other.rule, other.secret.lowerBound)
    }
    var kept: [Int] = []
    for number in ranked {
      let secret = candidates[number].secret
      let place = kept.partitioningIndex { candidates[$0].secret.lowerBound >= secret.lowerBound }
      let clearBefore = place == 0 || candidates[kept[place - 1]].secret.upperBound <= secret.lowerBound
      let clearBehind = place == kept.count || candidates[kept[place]].secret.lowerBound >= secret.upperBound
      if clearBefore && clearBehind { kept.insert(number, at: place) }
    }
    return kept
  }
}

extension Array {
  /// The first index whose element fulfils the predicate, where all behind it do too.
  func partitioningIndex(_ fulfils: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if fulfils(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
