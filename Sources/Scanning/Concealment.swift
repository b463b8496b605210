// A report holds no value, yet a value may stand in what a report does hold: a commit's subject, an author's name, a path, the
// name of a ref. There it is replaced by what may be shown of it.

internal import Model
internal import Secrets

/// Takes values out of the texts of findings.
enum Concealment {
  /// A beginning of a value that a text was cut off in is replaced from this many bytes on.
  private static let minimumTail = 6

  /// Rewrites subjects, names, addresses and paths that hold values of these findings.
  static func apply(to findings: inout [Finding]) {
    var commits: [ObjectID: [Secret]] = [:]
    var names: [[UInt8]: [Secret]] = [:]
    for finding in findings {
      guard let secret = finding.secret else { continue }
      for place in finding.occurrences {
        switch place.place {
        case .commit, .author, .committer:
          if let id = place.object { commits[id, default: []].append(secret) }
        case .fileName: names[lastName(place.path), default: []].append(secret)
        case .refName: names[place.path.bytes, default: []].append(secret)
        default: break
        }
      }
    }
    if commits.isEmpty && names.isEmpty { return }
    for finding in findings.indices {
      for index in findings[finding].occurrences.indices {
        conceal(&findings[finding].occurrences[index], commits, names)
      }
    }
  }

  private static func lastName(_ path: BytePath) -> [UInt8] {
    Array(path.bytes.suffix(from: path.bytes.lastIndex(of: 0x2f).map { $0 + 1 } ?? path.bytes.startIndex))
  }

  private static func conceal(
    _ place: inout Occurrence, _ commits: [ObjectID: [Secret]], _ names: [[UInt8]: [Secret]]
  ) {
    if let info = place.introduced, let secrets = commits[info.id] { place.introduced = conceal(info, secrets) }
    if let info = place.removed, let secrets = commits[info.id] { place.removed = conceal(info, secrets) }
    if names.isEmpty { return }
    if place.place == .refName, let secrets = names[place.path.bytes] {
      place.path = BytePath(replaced(place.path.bytes, secrets))
      return
    }
    let parts = place.path.bytes.split(separator: 0x2f, omittingEmptySubsequences: false).map { Array($0) }
    guard parts.contains(where: { names[$0] != nil }) else { return }
    place.path = BytePath(
      Array(parts.map { part in names[part].map { replaced(part, $0) } ?? part }.joined(separator: [0x2f])))
  }

  private static func conceal(_ info: CommitInfo, _ secrets: [Secret]) -> CommitInfo {
    var info = info
    func text(_ text: String) -> String { String(decoding: replaced(Array(text.utf8), secrets), as: UTF8.self) }
    info.subject = text(info.subject)
    info.author = text(info.author)
    info.email = text(info.email)
    return info
  }

  /// The bytes with every one of the values, longest first, and a beginning of one at the end, made unreadable.
  static func replaced(_ bytes: [UInt8], _ secrets: [Secret]) -> [UInt8] {
    var result = bytes
    for secret in secrets.sorted(by: { $0.count > $1.count }) where secret.count > 0 {
      let shown = Array(secret.redacted.utf8)
      secret.withBytes { value in
        var at = 0
        while at + value.count <= result.count {
          if value.indices.allSatisfy({ value[$0] == result[at + $0] }) {
            result.replaceSubrange(at..<at + value.count, with: shown)
            at += shown.count
          } else {
            at += 1
          }
        }
        for count in stride(from: min(value.count - 1, result.count), through: minimumTail, by: -1) {
          let start = result.count - count
          guard (0..<count).allSatisfy({ value[$0] == result[start + $0] }) else { continue }
          result.replaceSubrange(start..., with: shown)
          break
        }
      }
    }
    return result
  }
}
