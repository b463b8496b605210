// "Did you mean": the nearest of the words that would have been right.

enum Near {
  private static let longest = 64

  /// The words nearest to what was written, best first; a short word has to be nearer than a long one.
  static func words(_ word: String, among words: some Sequence<String>, atMost count: Int = 3) -> [String] {
    let wanted = Array(word.lowercased().utf8.prefix(longest))
    let limit = max(1, min(3, (wanted.count + 1) / 3))
    var found: [(word: String, distance: Int)] = []
    for candidate in words {
      let lower = Array(candidate.lowercased().utf8)
      if lower.count <= longest, abs(lower.count - wanted.count) <= limit, distance(wanted, lower) <= limit {
        found.append((candidate, distance(wanted, lower)))
      } else if wanted.count >= 3, lower.starts(with: wanted) {
        // What was broken off is not as near as what was mistyped.
        found.append((candidate, limit + 1))
      }
    }
    return found.sorted { ($0.distance, $0.word) < ($1.distance, $1.word) }.prefix(count).map(\.word)
  }

  /// The question, or nil where nothing is near.
  static func hint(_ word: String, among words: some Sequence<String>) -> String? {
    let near = Near.words(word, among: words)
    return near.isEmpty ? nil : "did you mean \(near.map { "'\($0)'" }.joined(separator: ", "))?"
  }

  /// Letters that were changed, added or left out, and neighbours that were exchanged, which is the commonest slip of all.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var rows = [Array(0...right.count)]
    for i in left.indices {
      var row = [i + 1]
      for j in right.indices {
        let last = rows[i]
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { best = min(best, rows[i - 1][j - 1] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[left.count][right.count]
  }
}
