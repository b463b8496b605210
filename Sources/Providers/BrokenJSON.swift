// JSON that broke off: what of it is whole is made a document again, because a new key may stand in it.

internal import Secrets

/// Completes the beginning of a JSON document.
enum BrokenJSON {
  /// The document up to its last whole value, with every list and object closed; nil where not even one value is whole.
  ///
  /// A text counts as whole when its closing quote is there, a number when something follows it. Nothing is made up: a
  /// value that was cut is left out, never shortened.
  static func completed(_ body: Secret) -> Secret? {
    var scan = Scan()
    body.withBytes { bytes in
      for index in 0..<bytes.count where !scan.isBroken { scan.take(bytes[index], at: index) }
    }
    guard !scan.isBroken, let end = scan.safeEnd else { return nil }
    let closers = scan.safeStack.reversed()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(end + closers.count)
    defer { wipe(&bytes) }
    body.withBytes { source in for index in 0..<min(end, source.count) { bytes.append(source[index]) } }
    bytes.append(contentsOf: closers)
    return Secret(bytes)
  }

  private struct Scan {
    private static let maximumDepth = 64
    private var stack: [UInt8] = []
    private var inString = false
    private var afterBackslash = false
    /// Whether the next text in an object is a name.
    private var awaitsName = false
    private var isName = false
    private var inWord = false
    private(set) var isBroken = false
    private(set) var safeEnd: Int?
    private(set) var safeStack: [UInt8] = []

    mutating func take(_ byte: UInt8, at index: Int) {
      if inString { return takeString(byte, at: index) }
      switch byte {
      case 0x22:
        inString = true
        isName = stack.last == 0x7d && awaitsName
      case 0x7b, 0x5b:
        stack.append(byte == 0x7b ? 0x7d : 0x5d)
        awaitsName = byte == 0x7b
        if stack.count > Scan.maximumDepth { isBroken = true } else { mark(index + 1) }
      case 0x7d, 0x5d:
        if inWord { endWord(index) }
        guard stack.popLast() == byte else { return isBroken = true }
        mark(index + 1)
      case 0x2c:
        if inWord { endWord(index) }
        awaitsName = stack.last == 0x7d
      case 0x3a: awaitsName = false
      case 0x20, 0x09, 0x0a, 0x0d: if inWord { endWord(index) }
      default: inWord = true
      }
    }

    private mutating func takeString(_ byte: UInt8, at index: Int) {
      if afterBackslash {
        afterBackslash = false
      } else if byte == 0x5c {
        afterBackslash = true
      } else if byte == 0x22 {
        inString = false
        if !isName { mark(index + 1) }
      }
    }

    private mutating func endWord(_ index: Int) {
      inWord = false
      mark(index)
    }

    private mutating func mark(_ end: Int) {
      safeEnd = end
      safeStack = stack
    }
  }
}
