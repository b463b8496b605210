// What the names of a range lead to besides commits: annotated tags with their texts, and what a tag or a ref may name in
// a commit's place, a tree or a blob.

internal import Git
internal import Model

extension ChangeFindings {
  /// A tag may stand for a tag; more of them in a row only a hostile repository has.
  private static let maximumTags = 64

  /// Scans what the heads of a range name, and what these name in turn, down to a commit.
  ///
  /// - Parameter bases: names that the other side has, and all they lead to.
  mutating func scanNames(_ heads: [ObjectID], excluding bases: [ObjectID], _ reader: StoreReader, idCount: Int) {
    var seen: Set<ObjectID> = []
    for base in bases { follow(base, reader, &seen) { _, _ in } }
    for head in heads {
      var found: [(id: ObjectID, kind: ObjectKind)] = []
      follow(head, reader, &seen) { id, kind in found.append((id, kind)) }
      for (id, kind) in found {
        switch kind {
        case .commit: break
        case .tag:
          coverage.tags += 1
          scanText(of: id, .tag, introduced: nil)
        case .blob:
          let change = StagedChange(unnamed: id)
          scan(ChangedContent(change: change, removed: [], source: .tag))
        case .tree:
          let changes = TreeChanges(of: id, against: [], reader: reader, idCount: idCount)
          for failure in changes.failures { coverage.add(Skip(failure)) }
          for change in changes.changed { scan(ChangedContent(change: change, removed: [], source: .tag)) }
        }
      }
    }
  }

  /// Goes from a name through tags to what they stand for; what was seen before ends the way.
  private mutating func follow(
    _ name: ObjectID, _ reader: StoreReader, _ seen: inout Set<ObjectID>,
    _ found: (ObjectID, ObjectKind) -> Void
  ) {
    var next: ObjectID? = name
    for _ in 0..<ChangeFindings.maximumTags {
      guard let id = next, seen.insert(id).inserted else { return }
      next = nil
      do throws(ObjectFailure) {
        let kind = try reader.read(id) { kind, bytes in
          if kind == .tag { next = TagHeader.target(bytes) }
          return kind
        }
        found(id, kind)
        if kind == .tag, next == nil {
          coverage.add(Skip(reason: .corrupt, object: id, detail: "a tag that names no object"))
        }
      } catch {
        // Of a commit the walk of the range says so.
        if id != name { coverage.add(Skip(error)) }
        return
      }
    }
    if next != nil { coverage.add(Skip(reason: .corrupt, object: name, detail: "too many tags of tags")) }
  }
}
