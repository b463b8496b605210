// The files of one commit: what a gate trusts (the target branch's tip), and what a change ends in (its head).

public import Git
internal import Matching
public import Model
public import Secrets

/// Reads single files of a commit.
public struct CommitContents {
  private let reader: StoreReader
  private let tree: ObjectID
  private let idCount: Int
  /// Larger files are not searched for values again.
  private static let maximumBytes = 64 << 20

  /// The files of a commit.
  ///
  /// - Throws: if the commit can't be read, or is none.
  public init(_ commit: ObjectID, reader: StoreReader) throws(ObjectFailure) {
    guard let header = try reader.commit(commit) else {
      throw ObjectFailure(id: commit, reason: .corrupt, detail: "it is no commit")
    }
    self.reader = reader
    tree = header.tree
    idCount = commit.count
  }

  /// The blob at a path; nil where the commit has no such file.
  public func blob(at path: BytePath) throws(ObjectFailure) -> ObjectID? {
    try reader.blob(at: path.bytes, in: tree, idCount: idCount)
  }

  /// The bytes of the file at a path; nil where the commit has no such file.
  public func file(_ path: String, maximumBytes: Int) throws(ObjectFailure) -> [UInt8]? {
    guard let blob = try blob(at: BytePath(path)) else { return nil }
    return try reader.read(blob, maximumBytes: maximumBytes) { _, bytes in bytes.indices.map { bytes[$0] } }
  }

  /// Whether this commit's file at the path already holds the value, on lines that a comment allows.
  public func allows(_ value: Secret, at path: BytePath) -> Bool {
    let places =
      (try? places(of: value, at: path) { bytes, range in AllowComment.find(in: bytes, at: range) != nil }) ?? []
    return !places.isEmpty && places.allSatisfy { $0 }
  }

  /// The occurrence as it stands in this commit, if the file at its path still holds the value: marked as being at a head,
  /// its line and offset those of this commit's file.
  public func settle(_ occurrence: Occurrence, _ value: Secret?) -> Occurrence {
    guard occurrence.place == .blob, let blob = try? blob(at: occurrence.path) else { return occurrence }
    var settled = occurrence
    if blob == occurrence.object {
      settled.atHead = true
      return settled
    }
    guard let value, occurrence.decoders.isEmpty else { return occurrence }
    let found = try? places(of: value, at: occurrence.path) { bytes, range in
      (range: range, extent: LineIndex(bytes).extent(range), comment: AllowComment.find(in: bytes, at: range))
    }
    guard let place = found?.first else { return occurrence }
    settled.atHead = true
    settled.object = blob
    settled.offset = place.range.lowerBound
    settled.length = place.range.count
    settled.line = place.extent.line
    settled.endLine = place.extent.endLine
    settled.column = place.extent.column
    settled.endColumn = place.extent.endColumn
    // Of several places in a file one without a comment decides.
    let comments = (found ?? []).compactMap(\.comment)
    settled.comment =
      comments.count == found?.count
      ? comments.first.map { Suppression(kind: .inline, reason: $0.reason ?? $0.marker) } : nil
    return settled
  }

  /// What `body` makes of each place in a file that holds the value as it is.
  private func places<R>(of value: Secret, at path: BytePath, _ body: (Span<UInt8>, Range<Int>) -> R)
    throws(ObjectFailure) -> [R]
  {
    guard value.count > 0, let blob = try blob(at: path) else { return [] }
    return try reader.read(blob, maximumBytes: CommitContents.maximumBytes) { _, bytes in
      value.withBytes { wanted in
        var found: [R] = []
        var at = 0
        while at + wanted.count <= bytes.count {
          if bytes[at] == wanted[0], wanted.indices.allSatisfy({ bytes[at + $0] == wanted[$0] }) {
            found.append(body(bytes, at..<at + wanted.count))
            at += wanted.count
          } else {
            at += 1
          }
        }
        return found
      }
    }
  }
}
