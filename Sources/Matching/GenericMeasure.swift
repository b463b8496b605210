// Measures a value by itself: its bytes, its words, its shape.

extension GenericVector {
  /// Everything that the value alone tells.
  mutating func measureValue(_ claim: GenericClaim, _ bytes: Span<UInt8>) {
    // Beyond a few hundred bytes a value is a blob: its head tells enough.
    let value = claim.value.lowerBound..<min(claim.value.upperBound, claim.value.lowerBound + 400)
    let text = bytes.extracting(value)
    self[.valueLength] = min(claim.value.count, 1_000)
    countBytes(text)
    measureChanges(text)
    measureLetters(bytes, value)
    measureShape(text)
    measureWords(text)
  }

  private mutating func countBytes(_ text: Span<UInt8>) {
    for byte in 0..<256 { seen[byte] = 0 }
    var (distinct, digits, uppers, lowers, foreign) = (0, 0, 0, 0, 0)
    for at in 0..<text.count {
      let byte = text[at]
      if seen[Int(byte)] == 0 { distinct += 1 }
      seen[Int(byte)] += 1
      switch byte {
      case 0x30...0x39: digits += 1
      case 0x41...0x5a: uppers += 1
      case 0x61...0x7a: lowers += 1
      case 0x80...: foreign += 1
      default: break
      }
    }
    let blanks = seen[0x20] + seen[0x09] + seen[0x0a] + seen[0x0d]
    self[.digits] = digits
    self[.uppers] = uppers
    self[.lowers] = lowers
    self[.foreign] = foreign
    self[.blanks] = blanks
    self[.specials] = text.count - digits - uppers - lowers - foreign - blanks
    self[.slashes] = seen[0x2f]
    self[.dots] = seen[0x2e]
    self[.dashes] = seen[0x2d]
    self[.underscores] = seen[0x5f]
    self[.colons] = seen[0x3a]
    self[.signs] = seen[0x40]
    self[.equalsSigns] = seen[0x3d]
    self[.commas] = seen[0x2c]
    self[.brackets] = seen[0x28] + seen[0x29] + seen[0x5b]
    self[.percents] = seen[0x25]
    self[.dollars] = seen[0x24]
    self[.pluses] = seen[0x2b]
    self[.stars] = seen[0x2a]
    self[.backslashes] = seen[0x5c]
    self[.hashes] = seen[0x23]
    self[.exclamations] = seen[0x21]
    self[.braces] = seen[0x7b]
    self[.angles] = seen[0x3c] + seen[0x3e]
    self[.distinct] = distinct
    let entropy = Proofs.entropy(of: seen.span, total: text.count)
    self[.entropy] = Int(entropy * 50)
    let most = Double(text.count).exponent
    self[.entropyShare] = most > 0 ? Int(entropy * 100) / Int(most) : 0
    self[.firstByte] = GenericVector.kind(text.count > 0 ? text[0] : 0)
    self[.lastByte] = GenericVector.kind(text.count > 0 ? text[text.count - 1] : 0)
    self[.lengthModFour] = text.count % 4
  }

  /// A class of bytes as a number: letters and digits, then punctuation one by one.
  static func kind(_ byte: UInt8) -> Int {
    switch byte {
    case 0, 0x0a, 0x0d: 0
    case 0x20, 0x09: 1
    case 0x61...0x7a: 2
    case 0x41...0x5a: 3
    case 0x30...0x39: 4
    case 0x80...: 5
    case 0x22, 0x27, 0x60: 6
    default: 8 + Int(byte & 0x1f) + (byte >= 0x40 ? 32 : 0)
    }
  }

  private mutating func measureChanges(_ text: Span<UInt8>) {
    var run = 1
    var longest = text.count > 0 ? 1 : 0
    var (steps, changes, digitChanges, caseChanges) = (0, 0, 0, 0)
    var before: UInt8 = text.count > 0 ? text[0] : 0
    var a = GenericVector.kind(before)
    for at in 1..<max(1, text.count) {
      let byte = text[at]
      run = byte == before ? run + 1 : 1
      longest = max(longest, run)
      if byte == before &+ 1 || byte &+ 1 == before { steps += 1 }
      let b = GenericVector.kind(byte)
      if a != b {
        changes += 1
        if a == 4 || b == 4 { digitChanges += 1 }
        if a == 2 && b == 3 || a == 3 && b == 2 { caseChanges += 1 }
      }
      (before, a) = (byte, b)
    }
    self[.steps] = steps
    self[.classChanges] = changes
    self[.digitChanges] = digitChanges
    self[.caseChanges] = caseChanges
    self[.runLongest] = longest
    var at = text.count
    while at > 0, Bytes.isDigit(text[at - 1]) { at -= 1 }
    self[.trailingDigits] = text.count - at
  }

  private mutating func measureLetters(_ bytes: Span<UInt8>, _ value: Range<Int>) {
    let letters = self[.uppers] + self[.lowers]
    self[.surprise] = GenericText.shared.surprise(bytes, value)
    let cover = GenericText.shared.cover(bytes, value)
    self[.wordCover] = letters == 0 ? 0 : cover.covered * 100 / letters
    self[.wordLongest] = cover.longest
    self[.wordCount] = cover.words
    var (run, longest, vowels) = (0, 0, 0)
    for at in value {
      let byte = bytes[at] | 0x20
      let isVowel = byte == 0x61 || byte == 0x65 || byte == 0x69 || byte == 0x6f || byte == 0x75
      if isVowel { vowels += 1 }
      run = Bytes.isLetter(byte) && !isVowel && byte != 0x79 ? run + 1 : 0
      longest = max(longest, run)
    }
    self[.consonantRun] = longest
    self[.vowels] = letters == 0 ? 0 : min(vowels, Int(Int16.max)) * 100 / letters
  }

  private mutating func measureShape(_ text: Span<UInt8>) {
    let (count, digits, letters) = (text.count, self[.digits], self[.uppers] + self[.lowers])
    var hex = 0
    for at in 0..<count where Bytes.isHex(text[at]) { hex += 1 }
    if hex == count {
      self[.hexKind] = digits == count ? 1 : self[.uppers] == 0 ? 2 : self[.lowers] == 0 ? 3 : 4
    }
    self[.isNumber] = digits + self[.dots] + self[.dashes] + self[.pluses] == count && digits > 0 ? 1 : 0
    self[.isVersion] = digits > 0 && self[.dots] > 0 && digits + self[.dots] + 2 >= count ? 1 : 0
    self[.isUUID] = count == 36 && hex == 32 && self[.dashes] == 4 && text[8] == 0x2d && text[23] == 0x2d ? 1 : 0
    self[.isDate] = count >= 8 && self[.dashes] == 2 && digits >= 6 && text[4] == 0x2d ? 1 : 0
    let plain = letters + digits + self[.pluses] + self[.slashes] + self[.equalsSigns]
    self[.paddedBase64] = plain == count && count % 4 == 0 && count > 4 && text[count - 1] == 0x3d ? 1 : 0
    self[.isEmail] = self[.signs] == 1 && self[.dots] > 0 && self[.blanks] == 0 ? 1 : 0
    self[.isAddress] = self[.colons] > 0 && self[.slashes] > 1 ? 1 : 0
    let first = count > 0 ? text[0] : 0
    self[.isPath] = self[.slashes] > 0 && (first == 0x2f || first == 0x2e || first == 0x7e || self[.dots] > 0) ? 1 : 0
    self[.template] = GenericVector.template(text)
    measureIdentifier(text)
  }

  /// 0 none; 1 `${`, `$(`; 2 `{{`, `{%`, `<%`; 3 `#{`, `{x}`; 4 `%s`, `%(`; 5 `$NAME`; 6 `<x>`, `[x]`; 7 `****`, `...`.
  private static func template(_ text: Span<UInt8>) -> Int {
    let count = text.count
    var kind = 0
    for at in 0..<max(0, count - 1) {
      let (byte, next) = (text[at], text[at + 1])
      switch byte {
      case 0x24 where next == 0x7b || next == 0x28: return 1
      case 0x7b where next == 0x7b || next == 0x25, 0x3c where next == 0x25 || next == 0x3f: return 2
      case 0x23 where next == 0x7b, 0x5c where next == 0x28: return 3
      case 0x25
      where at == 0 && (next == 0x73 || next == 0x64 || next == 0x40 || next == 0x28 || next == 0x76 || next == 0x2e):
        kind = max(kind, 4)
      case 0x24 where at == 0 && (Bytes.isLetter(next) || next == 0x5f): kind = max(kind, 5)
      default: break
      }
    }
    guard count > 2 else { return kind }
    let (first, last) = (text[0], text[count - 1])
    // What is longer is a value in braces, as Jenkins writes its encrypted ones.
    if first == 0x7b && last == 0x7d && count < 48 || first == 0x25 && last == 0x25 { return 3 }
    if first == 0x3c && last == 0x3e || first == 0x5b && last == 0x5d { return 6 }
    if text[0] == text[1] && text[1] == text[2] && !Bytes.isAlphanumeric(text[0]) { return max(kind, 7) }
    if last == 0x2e && text[count - 2] == 0x2e { return max(kind, 7) }
    return kind
  }

  /// Whether the value is written like a name of a program: which form, of how many parts, how many of them words.
  private mutating func measureIdentifier(_ text: Span<UInt8>) {
    let count = text.count
    var other = false
    for at in 0..<count where !Bytes.isWord(text[at]) && text[at] != 0x2d && text[at] != 0x2e { other = true }
    let starts = count > 0 && (Bytes.isLetter(text[0]) || text[0] == 0x5f)
    guard !other, starts else { return }
    let (lower, upper) = (self[.lowers] > 0, self[.uppers] > 0)
    let form: Int
    if self[.dots] > 0 {
      form = 7
    } else if self[.underscores] > 0 {
      form = upper && !lower ? 5 : upper ? 6 : 4
    } else if self[.dashes] > 0 {
      form = upper ? 9 : 8
    } else {
      form =
        !upper ? 1 : !lower ? 2 : Bytes.isUpper(text[0]) && self[.uppers] == 1 ? 3 : Bytes.isLower(text[0]) ? 10 : 11
    }
    self[.identifierForm] = form
    var parts = 0
    var wordy = 0
    var at = 0
    while at < count {
      let start = at
      while at < count, Bytes.isAlphanumeric(text[at]),
        at == start || !(Bytes.isUpper(text[at]) && Bytes.isLower(text[at - 1]))
      { at += 1 }
      if at > start {
        parts += 1
        let cover = GenericText.shared.cover(text, start..<at)
        if cover.covered * 4 >= (at - start) * 3
          || at - start < 4 && GenericText.shared.surprise(text, start..<at) < 450
        {
          wordy += 1
        }
      } else {
        at += 1
      }
    }
    self[.parts] = parts
    self[.wordyParts] = parts == 0 ? 0 : wordy * 100 / parts
  }
}
