// What only a content as a whole tells: tables that a dump fills, a first line that names columns, a file that holds one
// secret and nothing else. Like the rules of other scanners it sees the content and nothing else, so what it finds is the
// same wherever the content lies; what is worth something only under certain names is told by ``CredentialFiles``.

internal import Model

/// Looks at whole contents; one for each thread.
public final class ContentDetector {
  /// The most values that one content leads to.
  private static let maximumValues = 20_000
  let rules: GenericRules
  private let tableRule: Int
  private let listRule: Int
  private var vector = GenericVector()

  /// Takes all rules of a program; candidates index them.
  public init(_ program: MatcherProgram) {
    rules = program.generic
    tableRule = program.rules.count + GenericAnchor.table.rawValue
    listRule = program.rules.count + GenericAnchor.list.rawValue
  }

  /// Adds what the content as a whole tells to what the matcher found in it.
  ///
  /// - Parameter matcher: what is written as lists of bytes goes to it.
  public func add(to matches: BufferMatches, _ bytes: Span<UInt8>, _ matcher: Matcher) -> BufferMatches {
    if rules.isEmpty { return matches }
    var found: [Candidate] = []
    var (tables, lists): ([Int], [LiteralHit]) = ([], [])
    for hit in matches.hits where Int(hit.rule) >= tableRule {
      if Int(hit.rule) == tableRule {
        tables.append(hit.offset)
      } else if Int(hit.rule) == listRule {
        lists.append(hit)
      }
    }
    if !tables.isEmpty { read(tables, bytes, &found) }
    if !lists.isEmpty { readLists(lists, bytes, matcher, &found) }
    if let columns = SecretColumns(bytes) { read(columns, bytes, &found) }
    if SoleSecret.maximumBytes >= bytes.count { readSole(bytes, matches.candidates, &found) }
    if found.isEmpty { return matches }
    var matches = matches
    matches.candidates += found
    matches.origins += repeatElement(-1, count: found.count)
    return matches
  }

  /// Fills of tables: the columns that hold secrets by their name, or whatever is the hash of a password in a table of
  /// people.
  private func read(_ offsets: [Int], _ bytes: Span<UInt8>, _ found: inout [Candidate]) {
    var known: [[UInt8]: [GenericKind?]] = [:]
    for offset in offsets {
      guard let statement = TableStatement(at: offset, in: bytes) else { continue }
      if statement.isDefinition {
        known[statement.table] = statement.columns
        continue
      }
      let columns = statement.columns.isEmpty ? known[statement.table] ?? [] : statement.columns
      guard statement.isAboutPeople || columns.contains(where: { $0 != nil }) else { continue }
      statement.forEachValue(in: bytes) { column, value in
        let text = bytes.extracting(value)
        let kind = column < columns.count ? columns[column] : nil
        let isOfPeople = statement.isAboutPeople || columns.contains(.password)
        if GenericKind.isHash(text), kind == .password || isOfPeople && columns.isEmpty {
          add(value, .hash, .context, &found)
        } else if let kind {
          judge(value, kind, bytes, &found)
        }
        return found.count < ContentDetector.maximumValues
      }
    }
  }

  private func read(_ columns: SecretColumns, _ bytes: Span<UInt8>, _ found: inout [Candidate]) {
    columns.forEachValue(in: bytes) { kind, value in
      judge(value, kind, bytes, &found)
      return found.count < ContentDetector.maximumValues
    }
  }

  private func readSole(_ bytes: Span<UInt8>, _ others: [Candidate], _ found: inout [Candidate]) {
    for value in SoleSecret.values(in: bytes) where !others.contains(where: { $0.secret.overlaps(value) }) {
      // A path is none, and what is written in letters alone is a word.
      let text = bytes.extracting(value)
      guard !Proofs.isPlaceholder(text), text[0] != 0x2f, text.indices.contains(where: { !Bytes.isLetter(text[$0]) })
      else { continue }
      add(value, .file, .guess, &found)
    }
  }

  /// A value in a place that is for secrets: what looks chosen counts in full.
  private func judge(_ value: Range<Int>, _ kind: GenericKind, _ bytes: Span<UInt8>, _ found: inout [Candidate]) {
    let claim = GenericClaim(
      form: .element, quote: .none, traits: [], name: value.lowerBound..<value.lowerBound, callee: 0..<0, value: value)
    guard value.count >= 6, value.count <= 512, GenericSieve.passesData(claim, bytes) else { return }
    vector.clear()
    vector.measureValue(claim, bytes)
    if vector.isPlaceholder || vector[.blanks] > 0 || vector[.isPath] != 0 || vector[.isAddress] != 0 { return }
    if kind != .password, vector[.digits] == 0 || value.count < 16 { return }
    if GenericHashes.isHash(bytes.extracting(value)) { return add(value, .hash, .context, &found) }
    add(value, kind, vector.looksChosen ? .context : .guess, &found)
  }

  private func add(_ value: Range<Int>, _ kind: GenericKind, _ confidence: Confidence, _ found: inout [Candidate]) {
    guard let rule = rules[kind] else { return }
    found.append(Candidate(rule: rule, secret: value, match: value, confidence: confidence))
  }
}

extension GenericKind {
  /// The kind of secret that a column of this name holds; nil for one that holds none.
  init?(column name: Range<Int>, of bytes: Span<UInt8>) {
    let roles = GenericRoles(name, of: bytes)
    switch roles.last {
    case .place, .measure, .user, .interface: return nil
    default: break
    }
    if roles.isPublic { return nil }
    switch roles.best {
    case .password: self = .password
    case .secret: self = .secret
    case .token: self = .token
    // `key` alone names anything.
    case .key where roles.before != .none || name.count > 8: self = .key
    default: return nil
    }
  }
}
