// What stands in the members of archives: each is matched as a content of its own, and its place is the archive's path and
// the path within it.

internal import Matching
internal import Model

/// What was found in the members of one content that is an archive.
struct MatchedArchive {
  /// Something found in a member.
  struct Place {
    var value: ValueNumber
    var candidate: Candidate
    var extent: LineExtent
    var comment: Suppression?
    /// The hash of each line that it stands on.
    var lines: [Int]
  }

  /// A member in which something was found.
  struct Member {
    /// The path within the outer content; archives within archives are joined by `!`.
    var path: [UInt8]
    var places: [Place]
  }

  var members: [Member] = []
  /// What was left out: the path within, and why.
  var omissions: [(member: [UInt8], reason: String)] = []
  /// Whether the content itself was matched as well, as nothing could be read in it.
  var isUnread = false
}

extension ContentMatcher {
  /// Everything in the members of `bytes`; nil where they are no archive.
  func matchArchive(_ bytes: Span<UInt8>, maximumBytes: Int) -> MatchedContent? {
    guard ArchiveFormat(bytes) != nil else { return nil }
    var walk = ArchiveWalk(bytes, maximumBytes: maximumBytes)
    var archive = MatchedArchive()
    var numbers: [ValueNumber] = []
    let isRead = walk.walk(bytes) { path, content in
      let result = matchPlain(content)
      for skip in result.skips(rules) { archive.omissions.append((path, skip.detail)) }
      let hits = result.hits
      if hits.isEmpty { return }
      let lines = LineIndex(content)
      var hashes = LineHashes(lines)
      let places = hits.map { hit in
        let extent = lines.extent(hit.candidate.secret)
        return MatchedArchive.Place(
          value: hit.value, candidate: hit.candidate, extent: extent,
          comment: comment(on: hit.candidate.secret, in: content),
          lines: hashes.hashes(of: extent.line...extent.endLine, in: content))
      }
      numbers += hits.map(\.value)
      archive.members.append(MatchedArchive.Member(path: path, places: places))
    }
    archive.omissions += walk.omissions
    guard isRead else {
      // A damaged archive, or no archive at all, may still show something as it is.
      if archive.omissions.isEmpty { return nil }
      archive.isUnread = true
      let content = matchPlain(bytes)
      content.archive = archive
      return content
    }
    let content = MatchedContent(matchNothing(), set: numbers.isEmpty ? 0 : values.set(numbers))
    content.archive = archive
    return content
  }
}

/// The members of an archive, one by one.
enum ArchiveMembers {
  /// Calls `visit` with the path within and the bytes of each.
  static func forEach(
    in bytes: Span<UInt8>, maximumBytes: Int, _ visit: (_ path: [UInt8], _ content: Span<UInt8>) -> Void
  ) {
    var walk = ArchiveWalk(bytes, maximumBytes: maximumBytes)
    _ = walk.walk(bytes, visit)
  }

  /// The bytes of the member with a path; nil where there is none.
  static func read(_ member: BytePath, in bytes: Span<UInt8>, maximumBytes: Int) -> [UInt8]? {
    var found: [UInt8]?
    forEach(in: bytes, maximumBytes: maximumBytes) { path, content in
      if found == nil, path == member.bytes { found = content.indices.map { content[$0] } }
    }
    return found
  }
}

extension Occurrence {
  /// The path of the file itself, where the occurrence lies in a member of it.
  var containerPath: BytePath {
    guard let member, path.bytes.count > member.bytes.count else { return path }
    return BytePath(Array(path.bytes.dropLast(member.bytes.count + 1)))
  }

  /// The path of a member within a file.
  static func path(of container: BytePath, member: [UInt8]?) -> BytePath {
    member.map { BytePath(container.bytes + [0x21] + $0) } ?? container
  }
}
