// Which of many keywords stand anywhere in a text, in one pass (the automaton of Aho and Corasick).

/// Keywords of rules. ASCII case does not matter.
struct KeywordSieve: Sendable {
  private static let alphabet = 256
  /// A rule file with more bytes of keywords than this is taken as one whose rules have none.
  private static let maximumStates = 50_000

  private var next: [Int32] = Array(repeating: 0, count: alphabet)
  /// By state: the owners whose keywords end there.
  private var owners: [[Int]] = [[]]
  /// By state: whether there are any.
  private var isEnd: [Bool] = []
  /// Owners that are always there.
  private(set) var unconditional: [Int] = []
  let isEmpty: Bool

  /// - Parameter keywords: for each owner its lower-case keywords; an owner without any is always there.
  init(_ keywords: [(owner: Int, words: [String])]) {
    isEmpty = keywords.isEmpty
    for (owner, words) in keywords {
      let bytes = words.reduce(0) { $0 + $1.utf8.count }
      guard !words.isEmpty, owners.count + bytes <= KeywordSieve.maximumStates else {
        unconditional.append(owner)
        continue
      }
      for word in words { insert(Array(word.utf8), owner) }
    }
    link()
    isEnd = owners.map { !$0.isEmpty }
  }

  private static func fold(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

  private mutating func insert(_ word: [UInt8], _ owner: Int) {
    var state = 0
    for byte in word {
      let place = state * KeywordSieve.alphabet + Int(KeywordSieve.fold(byte))
      if next[place] == 0 {
        next[place] = Int32(truncatingIfNeeded: owners.count)
        owners.append([])
        next.append(contentsOf: repeatElement(0, count: KeywordSieve.alphabet))
      }
      state = Int(next[place])
    }
    owners[state].append(owner)
  }

  /// Completes the automaton breadth first: where a word does not go on, the longest end of it that begins another does.
  private mutating func link() {
    var queue: [Int] = []
    var fallback = [Int](repeating: 0, count: owners.count)
    for byte in 0..<KeywordSieve.alphabet where next[byte] != 0 { queue.append(Int(next[byte])) }
    var done = 0
    while done < queue.count {
      let state = queue[done]
      done += 1
      owners[state] += owners[fallback[state]]
      for byte in 0..<KeywordSieve.alphabet {
        let place = state * KeywordSieve.alphabet + byte
        let other = next[fallback[state] * KeywordSieve.alphabet + byte]
        if next[place] == 0 {
          next[place] = other
        } else {
          fallback[Int(next[place])] = Int(other)
          queue.append(Int(next[place]))
        }
      }
    }
  }

  /// The owners that are there, sorted.
  func owners(in bytes: Span<UInt8>) -> [Int] {
    var found = Set(unconditional)
    if owners.count > 1 {
      var state = 0
      for index in bytes.indices {
        state = Int(next[state * KeywordSieve.alphabet + Int(KeywordSieve.fold(bytes[index]))])
        if isEnd[state] { found.formUnion(owners[state]) }
      }
    }
    return found.sorted()
  }
}
