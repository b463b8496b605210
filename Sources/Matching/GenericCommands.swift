// Commands, calls and settings whose grammar says where the password stands: `ldapsearch -w value`, `lftp -u user,value`,
// `mysqli_connect(host, user, value)`, `rocommunity value`. Facts from the manuals of the programs.

/// Where a password stands behind a word that leads to it.
enum GenericCommand {
  /// The value of an option: in the option's own word, in the next one, or in either.
  case option(StaticString, joined: Bool, apart: Bool)
  /// Behind a separator in the value of an option: `-U user%value`.
  case pair(StaticString, UInt8)
  /// Behind a separator in the first word.
  case login(UInt8)
  /// The words with these numbers behind the literal, counted from 1; options are not counted.
  case words([Int])
  /// The last word of the command.
  case last
  /// `user:value` right behind the literal, up to `@` or the word's end.
  case account(UInt8)
  /// The same right before it: `user:value@tcp(host)`.
  case before
  /// What `echo` before the pipe writes; behind its colon, if it is a login.
  case piped(isLogin: Bool)
  /// The argument with this number of a call, counted from 1.
  case argument(Int)

  /// Whether one of the literals is a call of this name.
  static func knows(callee name: Range<Int>, _ window: borrowing GenericWindow) -> Bool {
    for (text, command) in all {
      guard case .argument = command, text.utf8CodeUnitCount > 4 else { continue }
      let count = text.utf8CodeUnitCount - 1
      guard text.byte(count) == 0x28, count <= name.count + 4 else { continue }
      let start = name.upperBound - count
      if (0..<count).allSatisfy({ window[start + $0] == text.byte($0) }) { return true }
    }
    return false
  }

  /// The command of the literal at a place, of which a long one is known by its end.
  static func at(_ place: Int, _ count: Int, _ window: borrowing GenericWindow) -> GenericCommand? {
    for (text, command) in all where min(text.utf8CodeUnitCount, LiteralFinder.maximumBytes) == count {
      let cut = text.utf8CodeUnitCount - count
      var at = 0
      while at < count, text.byte(cut + at) == window[place + at] { at += 1 }
      if at == count { return command }
    }
    return nil
  }
}

/// A word of a command line.
private struct CommandWord {
  /// The word, and what of it is inside its quotes.
  var whole: Range<Int>
  var inner: Range<Int>
}

extension GenericStructures {
  /// The longest command that is read, in bytes behind its first word.
  private static let commandBytes = 400

  /// The claims that a command, a call or a setting leads to, from the place of the literal.
  static func command(
    at place: Int, _ count: Int, _ window: borrowing GenericWindow, into claims: inout [GenericClaim]
  ) {
    guard let command = GenericCommand.at(place, count, window) else { return }
    let name = place..<place + count
    func add(_ value: Range<Int>?) {
      guard let value, value.count >= GenericLimits.leastBytes, isLiteral(value, window) else { return }
      claims.append(
        GenericClaim(form: .login, quote: .none, traits: .loose, name: name, callee: 0..<0, value: value))
    }
    switch command {
    case .option(let option, let joined, let apart):
      guard !Bytes.isWord(window[place - 1]) else { return }
      add(self.option(option, joined, apart, behind: place + count, window))
    case .pair(let option, let separator):
      guard let value = self.option(option, true, true, behind: place + count, window) else { return }
      add(value.first { window[$0] == separator }.map { $0 + 1..<value.upperBound })
    case .login(let separator):
      forEachWord(behind: place + count, window) { word in
        add(word.inner.first { window[$0] == separator }.map { $0 + 1..<word.inner.upperBound })
        return false
      }
    case .words(let numbers):
      if numbers.isEmpty { return add(sent(behind: place + count, window)) }
      var found = 0
      forEachWord(behind: place + count, window) { word in
        let first = window[word.whole.lowerBound]
        if first == 0x2d || first == 0x2f && numbers == [2] { return true }
        found += 1
        if numbers.contains(found) { add(word.inner) }
        return found < 6
      }
    case .last:
      var last: CommandWord?
      forEachWord(behind: place + count, window) { word in
        if window[word.whole.lowerBound] != 0x2f, window[word.whole.lowerBound] != 0x5c { last = word }
        return true
      }
      let hasUser = last.map { word in
        (place + count..<word.whole.lowerBound).contains { window.holds("/user:", at: $0) }
      }
      if hasUser == true { add(last?.inner) }
    case .before: add(accountBefore(place, window))
    case .account(let separator): add(account(separator, behind: place + count, window))
    case .piped(let isLogin): piped(before: place, isLogin, window, add)
    case .argument(let number): add(argument(number, behind: place + count, window))
    }
  }

  /// Whether the value may be a literal: no variable, no option, no template, no number of a port.
  private static func isLiteral(_ value: Range<Int>, _ window: borrowing GenericWindow) -> Bool {
    let first = window[value.lowerBound]
    if [0x24, 0x2d, 0x3c, 0x7b, 0x25, 0x5b, 0x28, 0x40].contains(first) { return false }
    return value.count > 5 || !value.allSatisfy { Bytes.isDigit(window[$0]) }
  }

  /// Calls `use` with the words behind a place, to the end of the command, until it returns false.
  private static func forEachWord(
    behind start: Int, _ window: borrowing GenericWindow, _ use: (CommandWord) -> Bool
  ) {
    var at = start
    let limit = start + commandBytes
    while at < limit {
      at = window.skipBlanks(at)
      // The command goes on in the next line.
      if window[at] == 0x5c, window[at + 1] == 0x0a {
        at += 2
        continue
      }
      if Bytes.isBreak(window[at]) || [0x7c, 0x3b, 0x26].contains(window[at]) { return }
      let begin = at
      let quote = window[at]
      var inner = at..<at
      if quote == 0x22 || quote == 0x27 {
        at += 1
        while at < limit, window[at] != quote, !Bytes.isBreak(window[at]) { at += 1 }
        inner = begin + 1..<at
        if window[at] == quote { at += 1 }
      } else {
        while at < limit, !Bytes.isBlank(window[at]), !Bytes.isBreak(window[at]), window[at] != 0x7c,
          window[at] != 0x3b,
          !Bytes.isQuote(window[at]) || at > begin && window[begin] == 0x2d
        { at += 1 }
        inner = begin..<at
      }
      guard at > begin, use(CommandWord(whole: begin..<at, inner: inner)) else { return }
    }
  }

  /// The value of an option of the command.
  private static func option(
    _ option: StaticString, _ joined: Bool, _ apart: Bool, behind start: Int, _ window: borrowing GenericWindow
  ) -> Range<Int>? {
    var at = start
    // `mysqldump`, `mysql.exe`: the rest of the program's name.
    while at < start + 12, !Bytes.isBlank(window[start - 1]),
      Bytes.isWord(window[at]) || window[at] == 0x2e || window[at] == 0x2d
    { at += 1 }
    guard Bytes.isBlank(window[at]) || at > start && Bytes.isBlank(window[at - 1]) || Bytes.isBlank(window[start - 1])
    else { return nil }
    let count = option.utf8CodeUnitCount
    var value: Range<Int>?
    var isNext = false
    forEachWord(behind: at, window) { word in
      if isNext {
        value = word.inner
        return false
      }
      let begins = (0..<count).allSatisfy { window[word.whole.lowerBound + $0] == option.byte($0) }
      guard begins else { return true }
      if word.whole.count == count {
        isNext = apart
        return apart
      }
      guard joined else { return true }
      let rest = word.whole.lowerBound + count..<word.whole.upperBound
      // `-port`, `-proxy`, `-profile`: another option.
      if window.holds("ort", at: rest.lowerBound) || window.holds("ro", at: rest.lowerBound) { return true }
      // The quote in which the whole command stands ends it, too.
      let isQuoted = Bytes.isQuote(window[rest.lowerBound]) && rest.count > 2
      let end = rest.first { Bytes.isQuote(window[$0]) } ?? rest.upperBound
      value = isQuoted ? unquoted(rest, window) : rest.lowerBound..<end
      return false
    }
    return value
  }

  /// Without the quotes at both ends.
  private static func unquoted(_ range: Range<Int>, _ window: borrowing GenericWindow) -> Range<Int> {
    let quote = window[range.lowerBound]
    let inner = range.lowerBound + 1..<range.upperBound
    let end = inner.first { window[$0] == quote } ?? range.upperBound
    return inner.lowerBound..<end
  }

  /// `user<separator>value`, up to what ends a login; with 0 the value alone, up to its quote or a blank.
  private static func account(
    _ separator: UInt8, behind start: Int, _ window: borrowing GenericWindow
  ) -> Range<Int>? {
    var at = start
    while at < start + 80, window[at] == 0x20 || Bytes.isQuote(window[at]) { at += 1 }
    // `sqlplus -s user/value`.
    while separator == 0x2f, at < start + 80, window[at] == 0x2d {
      while at < start + 80, Bytes.isWord(window[at]) || window[at] == 0x2d { at += 1 }
      at = window.skipBlanks(at)
    }
    let isQuoted = separator == 0 && window[start - 1] == 0x22
    let begin = at
    var value: Int? = separator == 0 ? begin : nil
    while at < begin + 160, !Bytes.isBreak(window[at]), isQuoted || !Bytes.isBlank(window[at]), window[at] != 0x22 {
      if value == nil {
        guard window[at] != 0x27 else { return nil }
        if window[at] == separator { value = at + 1 }
      } else if separator != 0, window[at] == 0x40 || window[at] == 0x27 {
        break
      }
      at += 1
    }
    guard let value, value < at, value > begin || separator == 0 else { return nil }
    if isQuoted, window[at] != 0x22 { return nil }
    // `sqlplus user/password` without a host is a login as well, `oracle:thin:@host` none.
    if separator == 0x3a, window[at] != 0x40 { return nil }
    return value..<at
  }

  /// The value of `user:value` that ends at a place.
  private static func accountBefore(_ place: Int, _ window: borrowing GenericWindow) -> Range<Int>? {
    var at = place
    while at > place - 120, Bytes.isAlphanumeric(window[at - 1]) || (0x21...0x7e).contains(window[at - 1]),
      !Bytes.isQuote(window[at - 1]), window[at - 1] != 0x3a, window[at - 1] != 0x2f
    { at -= 1 }
    guard window[at - 1] == 0x3a, Bytes.isWord(window[at - 2]) else { return nil }
    return at..<place
  }

  /// `expect "*assword:" … send "value\r"`.
  private static func sent(behind start: Int, _ window: borrowing GenericWindow) -> Range<Int>? {
    guard let word = (start..<start + 60).first(where: { window.holds("send ", at: $0) }) else { return nil }
    var at = window.skipBlanks(word + 5)
    while window[at] == 0x2d { at = window.skipBlanks(at + 2) }
    guard window[at] == 0x22 else { return nil }
    let begin = at + 1
    at = begin
    while at < begin + 80, window[at] != 0x22, window[at] != 0x5c, !Bytes.isBreak(window[at]) { at += 1 }
    return window[at] == 0x5c || window[at] == 0x22 ? begin..<at : nil
  }

  /// `echo value | command`, from the place of the command; `chpasswd:` of cloud-init, whose list follows.
  private static func piped(
    before place: Int, _ isLogin: Bool, _ window: borrowing GenericWindow, _ add: (Range<Int>?) -> Void
  ) {
    if isLogin, window[place + 8] == 0x3a { return listed(behind: place + 9, window, add) }
    let start = window.lineStart(place)
    guard let bar = (start..<place).last(where: { window[$0] == 0x7c }), place - bar < 40 else { return }
    guard let echo = (start..<bar).last(where: { window.holds("echo ", at: $0) }) else { return }
    var at = window.skipBlanks(echo + 5)
    while window[at] == 0x2d { at = window.skipBlanks(at + 2) }
    let quote = window[at]
    let isQuoted = quote == 0x22 || quote == 0x27
    if isQuoted { at += 1 }
    let begin = at
    while at < bar, isQuoted ? window[at] != quote : !Bytes.isBlank(window[at]) { at += 1 }
    guard at < bar || !isQuoted else { return }
    if !isLogin { return add(begin..<at) }
    let colon = (begin..<at).first { window[$0] == 0x3a }
    add(colon.map { $0 + 1..<at })
  }

  /// `list: |` and lines of `user:value`.
  private static func listed(
    behind start: Int, _ window: borrowing GenericWindow, _ add: (Range<Int>?) -> Void
  ) {
    var at = start
    var isList = false
    while at < start + 400 {
      let text = window.skipBlanks(at)
      var end = text
      while end < start + 400, !Bytes.isBreak(window[end]) { end += 1 }
      if isList {
        guard text > at, let colon = (text..<end).first(where: { window[$0] == 0x3a }), window[colon + 1] != 0x20 else {
          return
        }
        add(colon + 1..<end)
      } else if window.holds("list:", at: text) {
        isList = true
      }
      guard window[end] != 0 else { return }
      at = end + 1
    }
  }

  /// The argument of a call with this number, if it is a literal; the ones before it may be anything without brackets.
  static func argument(_ number: Int, behind start: Int, _ window: borrowing GenericWindow) -> Range<Int>? {
    var at = start
    // The literal may end within the quote of its first argument.
    if Bytes.isQuote(window[at - 1]) { at -= 1 }
    var index = 1
    var depth = 0
    while at < start + commandBytes {
      let byte = window[at]
      if Bytes.isQuote(byte) {
        let begin = at + 1
        at = begin
        while at < start + commandBytes, window[at] != byte {
          if window[at] == 0x5c { at += 1 }
          if Bytes.isBreak(window[at]) { return nil }
          at += 1
        }
        if index == number {
          let next = window.skipBlanks(at + 1)
          // Something is joined to the literal, or it is the key of a pair.
          let goesOn = [0x2c, 0x29, 0x5d, 0x0a, 0x0d].contains(window[next])
          return depth == 0 && goesOn && isFirst(begin - 1, window) ? begin..<at : nil
        }
      } else if byte == 0x28 || byte == 0x5b || byte == 0x7b {
        depth += 1
      } else if byte == 0x29 || byte == 0x5d || byte == 0x7d {
        depth -= 1
        if depth < 0 { return nil }
      } else if byte == 0x2c, depth == 0 {
        index += 1
        if index > number { return nil }
      } else if byte == 0 || byte == 0x3b {
        return nil
      }
      at += 1
    }
    return nil
  }

  /// Whether an argument begins there: a comma or a bracket before it, with blanks or a literal's prefix between.
  private static func isFirst(_ place: Int, _ window: borrowing GenericWindow) -> Bool {
    var at = place - 1
    if window[at] == 0x40 || window[at] == 0x62 || window[at] == 0x75 { at -= 1 }
    while Bytes.isBlank(window[at]) || Bytes.isBreak(window[at]) && window[at] != 0 { at -= 1 }
    return window[at] == 0x2c || window[at] == 0x28 || window[at] == 0x5b
  }
}
