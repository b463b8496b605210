// The measures of a claim, in the model's order: first these, then one for each word of each vocabulary. All are small
// integers, so that the model's sums are the same on every machine.

/// What is measured of a claim.
enum GenericFeature: Int, CaseIterable {
  // The value's shape.
  case valueLength, digits, uppers, lowers, specials, blanks, foreign, distinct, entropy, entropyShare
  case surprise, wordCover, wordLongest, wordCount, runLongest, steps, classChanges, digitChanges, caseChanges
  case hexKind, isUUID, isDate, paddedBase64, lengthModFour, firstByte, lastByte, trailingDigits, vowels, consonantRun
  case slashes, dots, dashes, underscores, colons, signs, equalsSigns, commas, brackets, percents, dollars, pluses,
    stars
  case backslashes, hashes, exclamations, braces, angles
  // What the value says.
  case template, placeholder, testWord, secretWord, userWord, nullWord, negativeWord, fillerWord, sequence
  case equalsName, sharesName, identifierForm, parts, wordyParts, knownPrefix, isEmail, isAddress, isPath, isNumber,
    isVersion
  // How it stands.
  case form, quote, nameQuoted, wrapped, joined, clipped, unclosed, typed, nextLine, nested, unusualOperator
  case laterArgument, prefixed, spacedName, gap
  case beforeName, afterValue, afterBlank, restLength, restWords, lineLength, indent, nameColumn, valueColumn
  case commentMark, lineQuotes, lineSemicolon, lineBrace, lineParenthesis, lineEquals, lineAngles, firstOfLine, isDiff
  // The name.
  case nameLength, nameParts, nameForm, nameDigits, nameDots, unknownParts, nameHead, nameBest, nameBeforeHead,
    publicName
  // The login in an address, and its host.
  case userLength, userTemplate, hostLocal, hostExample, schemeKind, hostTemplate
  // The lines around.
  case nearBlankBefore, nearEquals, nearColons, nearQuotes, nearSemicolons, nearParentheses, nearLong
}

/// Where each vocabulary's features begin.
enum GenericLayout {
  static let name = GenericFeature.allCases.count
  static let line = name + GenericVocabulary.name.words.count
  static let near = line + GenericVocabulary.line.words.count
  static let callee = near + GenericVocabulary.near.words.count
  static let count = callee + GenericVocabulary.callee.words.count

  /// Whether it is measured of the lines round a claim's own.
  static func isNear(_ feature: Int) -> Bool {
    (near..<callee).contains(feature)
      || (GenericFeature.nearBlankBefore.rawValue...GenericFeature.nearLong.rawValue).contains(feature)
  }

  /// What a feature is called.
  static func label(_ feature: Int) -> String {
    switch feature {
    case ..<name: return GenericFeature(rawValue: feature).map { "\($0)" } ?? ""
    case ..<line: return "name:" + GenericVocabulary.name.words[feature - name]
    case ..<near: return "line:" + GenericVocabulary.line.words[feature - line]
    case ..<callee: return "near:" + GenericVocabulary.near.words[feature - near]
    case ..<count: return "callee:" + GenericVocabulary.callee.words[feature - callee]
    default: return ""
    }
  }
}

/// The measures of one claim. Made once and used again: a thread has one.
struct GenericVector {
  var values = [Int16](repeating: 0, count: GenericLayout.count)
  /// How often each byte stands in the value.
  var seen = [Int](repeating: 0, count: 256)

  subscript(_ feature: GenericFeature) -> Int {
    get { Int(values[feature.rawValue]) }
    set { values[feature.rawValue] = Int16(clamping: newValue) }
  }

  mutating func clear() {
    for index in values.indices { values[index] = 0 }
  }

  /// Notes the words of `range`, split at whatever is no letter or digit and where the case rises; with `last`, the last
  /// one counts double. Returns how many there are, and how many of them are in the vocabulary.
  @discardableResult
  @inline(__always)
  mutating func note(
    _ range: Range<Int>, of bytes: Span<UInt8>, in vocabulary: GenericVocabulary, from base: Int, splitsCase: Bool,
    last: Bool = false
  ) -> (words: Int, known: Int) {
    var words = 0
    var known = 0
    var latest = -1
    GenericVector.forEachWord(range, of: bytes, splitsCase: splitsCase) { hash, _ in
      words += 1
      latest = vocabulary[hash].map { base + $0 } ?? -1
      if latest >= 0 {
        known += 1
        values[latest] = max(values[latest], 1)
      }
    }
    if last, latest >= 0 { values[latest] = 2 }
    return (words, known)
  }

  /// Calls `use` with the hash and the place of each word of `range`.
  @inline(__always)
  static func forEachWord(
    _ range: Range<Int>, of bytes: Span<UInt8>, splitsCase: Bool, _ use: (UInt32, Range<Int>) -> Void
  ) {
    var at = range.lowerBound
    while at < range.upperBound {
      guard Bytes.isAlphanumeric(bytes[at]) || bytes[at] >= 0x80 else {
        at += 1
        continue
      }
      var hash = GenericHash()
      let start = at
      while at < range.upperBound,
        Bytes.isAlphanumeric(bytes[at]) || bytes[at] >= 0x80 || !splitsCase && bytes[at] == 0x5f
      {
        if splitsCase, at > start, GenericVector.rises(bytes, at, range) { break }
        hash.add(bytes[at])
        at += 1
      }
      use(hash.value, start..<at)
    }
  }

  /// `aB`, and the last capital of `ABc`.
  private static func rises(_ bytes: Span<UInt8>, _ at: Int, _ range: Range<Int>) -> Bool {
    guard Bytes.isUpper(bytes[at]) else { return false }
    if !Bytes.isUpper(bytes[at - 1]) { return true }
    return at + 1 < range.upperBound && Bytes.isLower(bytes[at + 1])
  }
}
