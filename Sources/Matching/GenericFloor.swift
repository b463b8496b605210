// What a claim is worth by its grammar, whatever the model thinks of it. The model learnt from repositories of programs; in
// a file of settings people choose passwords that look like words, and those it takes for examples.

extension GenericVector {
  /// The least score of the claim that this vector measures; nil where grammar says nothing.
  func floor(_ claim: GenericClaim, _ kind: GenericKind, _ bytes: Span<UInt8>) -> Int? {
    switch kind {
    case .webToken: return claim.traits.contains(.clipped) ? GenericThreshold.guess : GenericThreshold.context
    case .hash:
      let isKept = claim.traits.contains(.grammar) || isAccount(claim, bytes) || isStored(claim, bytes)
      return isKept ? GenericThreshold.context : GenericThreshold.guess
    case .login:
      guard !isPlaceholder else { return nil }
      if claim.traits.contains(.loose) {
        return looksChosen && self[.secretWord] == 0 ? GenericThreshold.context : GenericThreshold.guess
      }
      guard claim.traits.contains(.grammar), self[.secretWord] == 0 else { return nil }
      return GenericThreshold.context
    case .password, .secret, .token, .key:
      if kind == .password, isChosenPassword(claim, bytes) { return GenericThreshold.context }
      guard isSetting(claim) else { return nil }
      // Elements and attributes are data wherever they stand, and the labelled repositories have hardly any.
      let isData = claim.form == .element || claim.form == .pair || isDirective(claim)
      return isData && looksChosen ? GenericThreshold.context : GenericThreshold.guess
    case .url:
      if self[.userTemplate] != 0 || self[.hostTemplate] != 0 || isPlaceholder { return nil }
      // `guest:guest`, `user:secret`: everybody's.
      let isWord = self[.secretWord] > 0 || self[.testWord] > 0 || self[.userWord] > 0 || self[.valueLength] < 6
      return isWord ? nil : GenericThreshold.guess
    case .credential:
      return isDirective(claim) && self[.digits] > 0 && !isPlaceholder ? GenericThreshold.guess : nil
    default: return nil
    }
  }

  /// Letters and digits, and no words: chosen by a person or a machine to be hard to guess.
  var looksChosen: Bool {
    let letters = self[.lowers] + self[.uppers]
    // In what is long and random, three letters that make a word are chance.
    let isTest = self[.testWord] > 0 && !(self[.valueLength] >= 24 && self[.wordCover] < 30)
    return self[.valueLength] >= 8 && self[.digits] > 0 && letters > 0 && self[.wordCover] < 50 && !isTest
      || self[.valueLength] >= 10 && self[.wordCover] < 30 && self[.surprise] > 560
  }

  /// Whether a name that ends in a password's word is given a literal that looks chosen, in code or settings.
  private func isChosenPassword(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    // What is longer than anybody types is encrypted, for all that the place tells.
    guard self[.nameHead] == GenericRole.password.rawValue, self[.valueLength] <= 40, looksChosen, !isPlaceholder else {
      return false
    }
    guard self[.joined] == 0, self[.isPath] == 0, self[.isAddress] == 0, self[.isEmail] == 0, self[.blanks] == 0 else {
      return false
    }
    // Escapes, versions, digits in their order: made up, or no password.
    guard self[.backslashes] == 0, self[.percents] == 0, self[.colons] == 0, self[.steps] * 2 < self[.valueLength],
      self[.negativeWord] == 0
    else { return false }
    switch claim.form {
    case .assignment, .colon, .arrow:
      if claim.quote != .none { return self[.wrapped] == 0 || claim.quote == .double }
      return self[.firstOfLine] == 1 && self[.restLength] == 0 && self[.brackets] == 0 && self[.digits] > 0
    case .argument: return self[.nameQuoted] == 1 && self[.nameParts] > 1 && self[.wrapped] == 0
    case .call: return isSetter(claim, bytes)
    default: return false
    }
  }

  /// `setPassword("value")`, `.password("value")`.
  private func isSetter(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    guard claim.quote != .none, !claim.traits.contains(.laterArgument), !claim.traits.contains(.wrapped) else {
      return false
    }
    var start = claim.name.upperBound
    while start > claim.name.lowerBound, bytes[start - 1] != 0x2e { start -= 1 }
    let isMember = start > claim.name.lowerBound || start > 0 && bytes[start - 1] == 0x2e
    let word = bytes.extracting(start..<claim.name.upperBound)
    let heads: [StaticString] = ["set", "with", "passw"]
    return isMember
      && heads.contains { head in
        (0..<head.utf8CodeUnitCount).allSatisfy { $0 < word.count && Bytes.lowered(word[$0]) == head.byte($0) }
      }
  }

  /// `rootpw $6$…`, `passwd: $6$…`: a hash without quotes behind a name on its line, and nothing behind it.
  private func isStored(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let (start, end) = (claim.value.lowerBound, claim.value.upperBound)
    let window = GenericWindow(bytes, around: start, claim.value.count)
    let line = max(window.lineStart(start), start - 80)
    if (line..<start).contains(where: { window.holds("useradd ", at: $0) || window.holds("usermod ", at: $0) }) {
      return true
    }
    guard start > 6, bytes[start - 1] == 0x20, end == bytes.count || Bytes.isBreak(bytes[end]) else { return false }
    return (line..<start).contains { at in
      window.holds("passw", at: at) || window.holds("rootpw", at: at) || window.holds("secret", at: at)
    }
  }

  /// `requirepass value`, `storePassword "value"`: a name and its value, alone on a line.
  private func isDirective(_ claim: GenericClaim) -> Bool {
    guard claim.form == .words else { return false }
    // `IDENTIFIED BY 'value'`.
    if claim.name.count > 12, self[.nameBest] == GenericRole.password.rawValue, self[.nameHead] != self[.nameBest] {
      return true
    }
    guard self[.firstOfLine] == 1, self[.commentMark] == 0, self[.nameParts] <= 3 else { return false }
    return self[.restLength] == 0 && self[.gap] <= 2 && !claim.traits.contains(.spacedName)
  }

  /// `user:hash` with a line end or another field behind it: a file of accounts.
  private func isAccount(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let (start, end) = (claim.value.lowerBound, claim.value.upperBound)
    var place = start
    // `{SHA512-CRYPT}$6$…`: Dovecot says the scheme first.
    if place > 2, bytes[place - 1] == 0x7d {
      place -= 1
      while place > 0, start - place < 20, bytes[place] != 0x7b { place -= 1 }
    }
    let before = place > 1 && bytes[place - 1] == 0x3a && Bytes.isWord(bytes[place - 2])
    return before && (end == bytes.count || Bytes.isBreak(bytes[end]) || bytes[end] == 0x3a || bytes[end] == 0x3c)
  }

  /// Whether the value says that it stands for another.
  var isPlaceholder: Bool {
    self[.template] != 0 || self[.placeholder] != 0 || self[.nullWord] != 0 || self[.equalsName] != 0
      || self[.valueLength] < 4 || self[.runLongest] * 2 > self[.valueLength]
  }

  /// Whether a password, a secret or a token is set to a literal in the way that settings are written: a name first on its
  /// line (or a key, an element), one value, nothing behind it.
  private func isSetting(_ claim: GenericClaim) -> Bool {
    guard !isPlaceholder, self[.joined] == 0, self[.wrapped] == 0, self[.isPath] == 0, self[.isAddress] == 0,
      self[.isEmail] == 0
    else {
      return false
    }
    let head = GenericRole(rawValue: self[.nameHead]) ?? .none
    let isPassword = head == .password || head == .none && self[.nameBest] == GenericRole.password.rawValue
    guard isPassword || head == .secret || head == .token || head == .key && self[.nameParts] > 1 else { return false }
    // A key or a token without a digit is a word; a password may be one.
    if !isPassword, self[.digits] == 0 || self[.valueLength] < 12 { return false }
    switch claim.form {
    case .assignment, .colon, .arrow, .element, .pair, .words, .option: break
    case .argument: guard self[.firstOfLine] == 0, self[.indent] == 0 else { return false }
    default: return false
    }
    // Behind an element stands its end, whose name has as many words as it likes.
    guard self[.restWords] <= 1 || claim.quote != .none || claim.form == .element || claim.form == .option else {
      return false
    }
    // In a sentence any word may follow `password`.
    if claim.form == .words, self[.digits] == 0 || self[.commentMark] != 0 { return false }
    // `password: String`, `password = other.password`, `pass = pwd;`: code.
    if claim.quote == .none {
      let isCode =
        self[.dots] > 0 && (self[.identifierForm] == 7 || self[.valueLength] < 8) || self[.brackets] > 0
        || self[.lineParenthesis] > 0
      return !isCode && (self[.digits] > 0 || self[.lineQuotes] == 0 && self[.afterValue] == 0)
    }
    return self[.blanks] == 0 || self[.specials] > 6
  }
}
