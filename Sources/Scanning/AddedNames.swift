// Secrets in the names of files and directories that a change adds. A name that was there before is not new, whichever file is
// put below it.

internal import Git
internal import Matching
internal import Model
internal import RuleBook
internal import Secrets

/// The trees before and after a change; no tree stands for what is staged.
struct ChangedTrees {
  var before: [ObjectID]
  var after: ObjectID?
}

/// Paths that changes add, and what their names hold.
struct AddedNames {
  /// A path with a name that is long enough to hold something.
  private struct Added {
    var path: BytePath
    var source: ChangedContent.Source
    var trees: ChangedTrees
  }

  private let program: MatcherProgram
  private let values: ValueTable
  private let options: ScanOptions
  /// Made for the first long name: most changes have none.
  private var search: NameSearch?
  private var added: [Added] = []
  private var isCut = false
  /// A hostile history may add more paths than this; a million files are no change that anybody judges.
  private static let maximumPaths = 200_000

  init(_ program: MatcherProgram, _ values: ValueTable, _ options: ScanOptions) {
    self.program = program
    self.values = values
    self.options = options
  }

  /// Notes a path that was not there before.
  mutating func add(_ path: BytePath, _ source: ChangedContent.Source, _ trees: ChangedTrees) {
    let names = path.bytes.split(separator: 0x2f).filter { $0.count >= NameSearch.minimumBytes }
    guard !names.isEmpty else { return }
    guard added.count < AddedNames.maximumPaths else { return isCut = true }
    var own = search ?? NameSearch(program, values, options)
    for name in names { own.add(name) }
    search = own
    added.append(Added(path: path, source: source, trees: trees))
  }

  /// What the names hold, and where; `skip` is told of what was left out.
  mutating func found(_ reader: StoreReader, skip: (Skip) -> Void) -> [(value: ValueNumber, place: Occurrence)] {
    guard var search else { return [] }
    search.flush()
    if search.isCut || isCut {
      skip(Skip(reason: .matchLimit, detail: "file names hold more that looks like a secret than is followed"))
    }
    if search.hits.isEmpty { return [] }
    let table = values.contents().values
    var found: [(value: ValueNumber, place: Occurrence)] = []
    for item in added {
      let parts = item.path.bytes.split(separator: 0x2f)
      for (number, part) in parts.enumerated() {
        guard let held = search.hits[Array(part)] else { continue }
        let path = Array(parts[...number].joined(separator: [0x2f]))
        if isThere(path, item.trees.before, reader) { continue }
        for value in held {
          let range = table[Int(value)].secret.withBytes { Needle.find($0, in: part.span, 0..<part.count) }
          guard let range else { continue }
          found.append((value, place(path, range, item, reader)))
        }
      }
    }
    return found
  }

  private func isThere(_ path: [UInt8], _ trees: [ObjectID], _ reader: StoreReader) -> Bool {
    trees.contains { tree in
      ((try? reader.entry(at: path, in: tree, idCount: tree.count)) ?? nil) != nil
    }
  }

  private func place(_ path: [UInt8], _ range: Range<Int>, _ item: Added, _ reader: StoreReader) -> Occurrence {
    // As in a history the object is the tree that holds the name; of what is staged there is none yet.
    let entry = item.trees.after.flatMap { tree in
      (try? reader.entry(at: path, in: tree, idCount: tree.count)) ?? nil
    }
    var commit: CommitInfo?
    if case .commit(let made) = item.source { commit = made }
    return Occurrence(
      place: .fileName, path: BytePath(path), line: 1, endLine: 1, column: range.lowerBound + 1,
      endColumn: range.upperBound + 1, object: entry?.tree,
      offset: (entry?.entry.name.lowerBound ?? 0) + range.lowerBound, length: range.count, introduced: commit,
      reachability: commit == nil ? nil : .branch)
  }
}
