// Where values stand in data: the rows of an SQL statement, the columns of a separated file, the lines of a file that holds
// secrets and nothing else.

/// `INSERT INTO table (columns) VALUES (…), (…)` or `CREATE TABLE table (columns)`.
struct TableStatement {
  /// The table's name in lower case.
  private(set) var table: [UInt8] = []
  /// The kind of secret in each column; empty where no columns are named.
  private(set) var columns: [GenericKind?] = []
  private(set) var isDefinition = false
  /// Whether the table's name is one of those that hold people or their accounts.
  private(set) var isAboutPeople = false
  /// Where the first row begins.
  private var rows = 0
  private static let maximumColumns = 200
  private static let people: Set<UInt32> = Set(
    """
    user users member members account accounts admin admins administrator administrators customer customers login logins \
    person persons employee employees operator operators staff auth passwd player players subscriber subscribers
    """.split(separator: " ").map { word in
      var hash = GenericHash()
      for byte in word.utf8 { hash.add(byte) }
      return hash.value
    })

  /// The statement whose first word begins at a place; nil where the grammar is another.
  init?(at place: Int, in bytes: Span<UInt8>) {
    var reader = DataReader(bytes: bytes, at: place)
    isDefinition = Bytes.lowered(bytes[place]) == 0x63
    reader.at += isDefinition ? 12 : 11
    if isDefinition { for word in ["if", "not", "exists"] { reader.skip(word) } }
    guard let name = reader.identifier(), !name.isEmpty else { return nil }
    table = name.map { Bytes.lowered(bytes[$0]) }
    GenericVector.forEachWord(name, of: bytes, splitsCase: true) { hash, _ in
      if TableStatement.people.contains(hash) { isAboutPeople = true }
    }
    if reader.take(0x28) {
      while columns.count < TableStatement.maximumColumns, let column = reader.identifier(), !column.isEmpty {
        columns.append(GenericKind(column: column, of: bytes))
        if isDefinition { reader.skipDefinition() }
        if !reader.take(0x2c) { break }
      }
      guard reader.take(0x29) || isDefinition else { return nil }
    }
    rows = reader.at
    if isDefinition { return }
    guard reader.skip("values") else { return nil }
    rows = reader.at
  }

  /// Calls `use` with the column and the bytes of every literal in quotes, until it returns false.
  func forEachValue(in bytes: Span<UInt8>, _ use: (Int, Range<Int>) -> Bool) {
    var reader = DataReader(bytes: bytes, at: rows)
    while reader.take(0x28) {
      var column = 0
      while true {
        guard let (value, isQuoted) = reader.literal() else { return }
        if isQuoted, !value.isEmpty, !use(column, value) { return }
        column += 1
        if !reader.take(0x2c) { break }
      }
      guard reader.take(0x29), reader.take(0x2c) else { return }
    }
  }
}

/// Reads SQL's words and literals.
private struct DataReader: ~Escapable {
  let bytes: Span<UInt8>
  var at: Int

  @_lifetime(copy bytes)
  init(bytes: Span<UInt8>, at: Int) {
    self.bytes = bytes
    self.at = at
  }

  private func byte(_ place: Int) -> UInt8 { place < bytes.count ? bytes[place] : 0 }

  mutating func skipBlanks() {
    while at < bytes.count, Bytes.isBlank(bytes[at]) || bytes[at] == 0x0a || bytes[at] == 0x0d { at += 1 }
  }

  /// Takes a byte, if it comes next.
  mutating func take(_ wanted: UInt8) -> Bool {
    skipBlanks()
    guard byte(at) == wanted else { return false }
    at += 1
    return true
  }

  /// Takes a word, if it comes next.
  @discardableResult
  mutating func skip(_ word: String) -> Bool {
    skipBlanks()
    var place = at
    for letter in word.utf8 {
      guard Bytes.lowered(byte(place)) == letter else { return false }
      place += 1
    }
    guard !Bytes.isWord(byte(place)) else { return false }
    at = place
    return true
  }

  /// A name, the last of those that dots join.
  mutating func identifier() -> Range<Int>? {
    while true {
      skipBlanks()
      let first = byte(at)
      let isQuoted = first == 0x60 || first == 0x22 || first == 0x5b || first == 0x27
      if isQuoted { at += 1 }
      let start = at
      while Bytes.isWord(byte(at)) || byte(at) == 0x24 || isQuoted && (byte(at) == 0x2d || byte(at) == 0x20) { at += 1 }
      let name = start..<at
      guard !name.isEmpty, name.count <= 128 else { return nil }
      if isQuoted { at += 1 }
      if byte(at) != 0x2e { return name }
      at += 1
    }
  }

  /// Passes over the rest of a column's definition.
  mutating func skipDefinition() {
    var depth = 0
    let limit = min(bytes.count, at + 1_000)
    while at < limit {
      switch bytes[at] {
      case 0x28: depth += 1
      case 0x29 where depth == 0: return
      case 0x29: depth -= 1
      case 0x2c where depth == 0: return
      case 0x27, 0x22:
        let quote = bytes[at]
        at += 1
        while at < limit, bytes[at] != quote { at += 1 }
      default: break
      }
      at += 1
    }
  }

  /// A value: what is between quotes, or up to the comma or bracket that ends it.
  mutating func literal() -> (value: Range<Int>, isQuoted: Bool)? {
    skipBlanks()
    if byte(at) | 0x20 == 0x6e, byte(at + 1) == 0x27 { at += 1 }
    let quote = byte(at)
    if quote == 0x27 || quote == 0x22 {
      let start = at + 1
      at = start
      while at < bytes.count {
        if bytes[at] == 0x5c {
          at += 2
        } else if bytes[at] != quote {
          at += 1
        } else if byte(at + 1) == quote {
          at += 2
        } else {
          break
        }
      }
      guard at < bytes.count else { return nil }
      at += 1
      return (start..<at - 1, true)
    }
    let start = at
    var depth = 0
    while at < bytes.count, at - start < 4_096 {
      let next = bytes[at]
      if depth == 0, next == 0x2c || next == 0x29 { return (start..<at, false) }
      if next == 0x28 { depth += 1 } else if next == 0x29 { depth -= 1 }
      if next == 0x3b { return nil }
      at += 1
    }
    return nil
  }
}

/// The columns of a separated file that hold secrets by the names in its first line.
struct SecretColumns {
  private var kinds: [GenericKind?] = []
  private var separator: UInt8 = 0x2c
  private var start = 0
  /// The longest first line that is looked at, in bytes.
  private static let maximumHeader = 1_024

  /// Nil where the first line names no such columns.
  init?(_ bytes: Span<UInt8>) {
    // Most contents begin with a comment, a bracket, a word and a blank.
    guard bytes.count > 16, Bytes.isLetter(bytes[0]) || bytes[0] == 0x22 else { return nil }
    var end = 0
    var counts = (comma: 0, semicolon: 0, tab: 0, other: 0)
    let limit = min(bytes.count, SecretColumns.maximumHeader)
    while end < limit, bytes[end] != 0x0a {
      switch bytes[end] {
      case 0x2c: counts.comma += 1
      case 0x3b: counts.semicolon += 1
      case 0x09: counts.tab += 1
      case 0x28, 0x29, 0x3d, 0x7b, 0x7d, 0x3c, 0x3e: return nil
      default: break
      }
      end += 1
    }
    guard end < limit, counts.comma + counts.semicolon + counts.tab > 0 else { return nil }
    separator = counts.tab > counts.comma ? 0x09 : counts.semicolon > counts.comma ? 0x3b : 0x2c
    var field = 0
    for at in 0...end where at == end || bytes[at] == separator {
      let name = SecretColumns.inner(field..<at, bytes)
      guard name.count <= 40, !name.isEmpty else { return nil }
      kinds.append(GenericKind(column: name, of: bytes))
      field = at + 1
    }
    guard kinds.count > 1, kinds.contains(where: { $0 != nil }) else { return nil }
    start = end + 1
  }

  /// A field without blanks and quotes round it.
  private static func inner(_ field: Range<Int>, _ bytes: Span<UInt8>) -> Range<Int> {
    var (low, high) = (field.lowerBound, field.upperBound)
    while low < high, [0x20, 0x22, 0x0d].contains(bytes[low]) { low += 1 }
    while high > low, [0x20, 0x22, 0x0d].contains(bytes[high - 1]) { high -= 1 }
    return low..<high
  }

  /// Calls `use` with every value in these columns, as long as rows have as many fields as the first, until it returns
  /// false.
  func forEachValue(in bytes: Span<UInt8>, _ use: (GenericKind, Range<Int>) -> Bool) {
    var fields: [Range<Int>] = []
    var field = start
    var isQuoted = false
    for at in start...bytes.count {
      let byte = at < bytes.count ? bytes[at] : 0x0a
      if byte == 0x22 { isQuoted.toggle() }
      if at < bytes.count, isQuoted { continue }
      if byte == separator || byte == 0x0a {
        fields.append(SecretColumns.inner(field..<at, bytes))
        field = at + 1
      }
      guard byte == 0x0a else { continue }
      if fields.count == kinds.count {
        for (kind, value) in zip(kinds, fields) where !value.isEmpty {
          if let kind, !use(kind, value) { return }
        }
      } else if fields.count > 1 {
        return
      }
      fields.removeAll(keepingCapacity: true)
    }
  }
}

/// Files that hold a secret, or logins, and nothing else. What is found counts only where the file's name says so.
enum SoleSecret {
  /// The largest such file, in bytes.
  static let maximumBytes = 4_096
  private static let maximumLines = 40
  /// A line with more words is no line of a login.
  private static let maximumWords = 5

  /// The values of the content.
  static func values(in bytes: Span<UInt8>) -> [Range<Int>] {
    guard bytes.count >= 6, let lines = lines(bytes) else { return [] }
    if lines.count == 1 { return single(lines[0], bytes) }
    if let wrapped = wrapped(lines, bytes) { return [wrapped] }
    // A user and the password behind it, each on a line of its own.
    if lines.count == 2, words(lines[0], bytes).count == 1, words(lines[1], bytes).count == 1 { return [lines[1]] }
    return lines.flatMap { login($0, bytes) }
  }

  /// The lines that are neither empty nor comments, without blanks at their ends; nil where there are none, or too many.
  private static func lines(_ bytes: Span<UInt8>) -> [Range<Int>]? {
    var lines: [Range<Int>] = []
    var start = 0
    var isCode = false
    while start < bytes.count {
      var (low, words, isBefore) = (start, 0, true)
      // Sentences, code, anything that is no plain ASCII ends here, mostly with the first line.
      while start < bytes.count, bytes[start] != 0x0a {
        let byte = bytes[start]
        let isBlank = byte == 0x20 || byte == 0x09 || byte == 0x0d
        if !isBlank, isBefore {
          words += 1
          if words > maximumWords, bytes[low] != 0x23 { return nil }
        }
        if byte > 0x7e || byte < 0x20 && !isBlank { return nil }
        // Brackets on more than one line: code, markup.
        if byte == 0x3c || byte == 0x3e || byte == 0x7d && start - low <= 1 { isCode = true }
        isBefore = isBlank
        start += 1
      }
      var high = start
      start += 1
      while low < high, Bytes.isBlank(bytes[low]) { low += 1 }
      while high > low, Bytes.isBlank(bytes[high - 1]) || bytes[high - 1] == 0x0d { high -= 1 }
      if low == high || bytes[low] == 0x23 { continue }
      if lines.count == maximumLines || isCode && !lines.isEmpty { return nil }
      lines.append(low..<high)
    }
    return lines.isEmpty ? nil : lines
  }

  private static func words(_ line: Range<Int>, _ bytes: Span<UInt8>) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var start: Int?
    for at in line.lowerBound...line.upperBound {
      let isBlank = at == line.upperBound || Bytes.isBlank(bytes[at])
      if !isBlank, start == nil { start = at }
      if isBlank, let begin = start {
        words.append(begin..<at)
        start = nil
      }
      if words.count > 6 { break }
    }
    return words
  }

  private static func single(_ line: Range<Int>, _ bytes: Span<UInt8>) -> [Range<Int>] {
    if words(line, bytes).count == 1, line.count >= 6, line.count <= 1_024 {
      let separators = line.filter { bytes[$0] == 0x3a || bytes[$0] == 0x3d }
      if separators.isEmpty || line.count > 128 { return [line] }
    }
    return login(line, bytes)
  }

  /// Base64 that is broken into lines: a shared key.
  private static func wrapped(_ lines: [Range<Int>], _ bytes: Span<UInt8>) -> Range<Int>? {
    guard let first = lines.first, let last = lines.last, first.count >= 40 else { return nil }
    for line in lines {
      guard line.count <= first.count, line == last || line.count == first.count else { return nil }
      for at in line where !Bytes.isBase64(bytes[at]) && bytes[at] != 0x3d { return nil }
    }
    return first.lowerBound..<last.upperBound
  }

  /// What a line of a file of logins holds: `user:hash`, `user:realm:hash`, `user=hash`, `where user:value`,
  /// `client server value addresses`, `where user value`.
  private static func login(_ line: Range<Int>, _ bytes: Span<UInt8>) -> [Range<Int>] {
    let words = words(line, bytes)
    func unquoted(_ word: Range<Int>) -> Range<Int> {
      let quote = bytes[word.lowerBound]
      let isQuoted = word.count > 2 && (quote == 0x22 || quote == 0x27) && bytes[word.upperBound - 1] == quote
      return isQuoted ? word.lowerBound + 1..<word.upperBound - 1 : word
    }
    func behindLast(_ separator: UInt8, _ word: Range<Int>) -> [Range<Int>] {
      guard var start = word.last(where: { bytes[$0] == separator }), start > word.lowerBound else { return [] }
      start += 1
      while start < word.upperBound, Bytes.isBlank(bytes[start]) { start += 1 }
      return word.upperBound - start >= 3 ? [start..<word.upperBound] : []
    }
    switch words.count {
    case 1:
      let value = behindLast(0x3a, line)
      if !value.isEmpty { return value }
      return behindLast(0x3d, line).filter { GenericKind.isHash(bytes.extracting($0)) }
    case 2:
      let value = behindLast(0x3a, words[1])
      if !value.isEmpty { return value }
      // `radius.internal value`: a host, and what is shared with it.
      let isHost = words[0].contains { bytes[$0] == 0x2e } && !words[0].contains { bytes[$0] == 0x3a }
      return isHost && words[1].count >= 8 ? [words[1]] : behindLast(0x3a, line)
    case 3, 4: return [unquoted(words[2])].filter { $0.count >= 3 }
    default: return []
    }
  }
}
