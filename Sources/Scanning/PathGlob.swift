// Patterns for paths, as .gitignore writes them: the plain part of it, matched in time proportional to path and pattern.

/// A pattern for paths: `*` and `?` stay inside a directory, `**` crosses them. A pattern without a slash matches a name
/// in any directory; one that matches a directory matches all that is below.
public struct PathGlob: Sendable, Equatable {
  private enum Step: Sendable, Equatable {
    case byte(UInt8)
    case anyByte
    case anyOfName
    case anything
    /// `**/` at a directory's beginning: no directory at all, or what `directories` takes.
    case maybeDirectories
    case directories
  }

  /// A longer pattern is refused.
  public static let maximumBytes = 1_024
  private let steps: [Step]

  /// A pattern; nil if it is empty, too long, or begins with `!`, which is not known here.
  public init?(_ text: String) {
    var bytes = Array(text.utf8)
    guard bytes.count <= PathGlob.maximumBytes, bytes.first != 0x21 else { return nil }
    if bytes.last == 0x2f { bytes.removeLast() }
    let isAnchored = bytes.contains(0x2f)
    if bytes.first == 0x2f { bytes.removeFirst() }
    guard !bytes.isEmpty else { return nil }
    var steps: [Step] = isAnchored ? [] : [.maybeDirectories, .directories]
    var at = 0
    while at < bytes.count {
      let isDouble = bytes[at] == 0x2a && at + 1 < bytes.count && bytes[at + 1] == 0x2a
      let beginsName = at == 0 || bytes[at - 1] == 0x2f
      if isDouble, beginsName, at + 2 < bytes.count, bytes[at + 2] == 0x2f {
        steps += [.maybeDirectories, .directories]
        at += 3
      } else if isDouble {
        steps.append(.anything)
        at += 2
      } else {
        switch bytes[at] {
        case 0x2a: steps.append(.anyOfName)
        case 0x3f: steps.append(.anyByte)
        case 0x5c where at + 1 < bytes.count:
          at += 1
          steps.append(.byte(bytes[at]))
        default: steps.append(.byte(bytes[at]))
        }
        at += 1
      }
    }
    self.steps = steps
  }

  /// Whether the path, or a directory that it lies in, matches.
  public func matches(_ path: [UInt8]) -> Bool {
    var states = [Bool](repeating: false, count: steps.count + 1)
    enter(0, &states)
    for byte in path {
      if byte == 0x2f, states[steps.count] { return true }
      var next = [Bool](repeating: false, count: steps.count + 1)
      for state in steps.indices where states[state] { advance(state, byte, &next) }
      states = next
    }
    return states[steps.count]
  }

  private func advance(_ state: Int, _ byte: UInt8, _ next: inout [Bool]) {
    switch steps[state] {
    case .byte(let wanted): if byte == wanted { enter(state + 1, &next) }
    case .anyByte: if byte != 0x2f { enter(state + 1, &next) }
    case .anyOfName: if byte != 0x2f { enter(state, &next) }
    case .anything: enter(state, &next)
    case .maybeDirectories: break
    case .directories:
      next[state] = true
      if byte == 0x2f { enter(state + 1, &next) }
    }
  }

  /// Marks a state, and those that it leads to without a byte.
  private func enter(_ state: Int, _ states: inout [Bool]) {
    guard !states[state] else { return }
    states[state] = true
    guard state < steps.count else { return }
    switch steps[state] {
    case .anyOfName, .anything: enter(state + 1, &states)
    case .maybeDirectories:
      states[state + 1] = true
      enter(state + 2, &states)
    case .byte, .anyByte, .directories: break
    }
  }
}
