// Answers in XML, as Amazon's older services give them, put into the form of JSON, so that a provider file's pointers serve
// for both: an element is a member, elements of one name are a list, text is text.

internal import Secrets

/// Reads the XML of answers: elements, text, the five entities and numbers. Attributes are passed over; a document type,
/// whose entities could grow without end, is refused.
struct XMLAnswer {
  private static let maximumDepth = 48
  private let bytes: [UInt8]
  private var at = 0

  private struct Element {
    var name: [UInt8]
    var text: [UInt8] = []
    var children: [Element] = []
  }

  /// The document as JSON; nil where it is no XML that is read here. The caller wipes it.
  static func json(_ bytes: [UInt8]) -> [UInt8]? {
    var reader = XMLAnswer(bytes: bytes)
    guard reader.skipProlog(), var root = reader.element(depth: 0) else { return nil }
    defer { wipe(&root) }
    var result: [UInt8] = []
    result.reserveCapacity(2 * bytes.count + 64)
    result.append(0x7b)
    string(root.name, &result)
    result.append(0x3a)
    write(root, &result)
    result.append(0x7d)
    return result
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private static func wipe(_ element: inout Element) {
    Secrets.wipe(&element.text)
    for index in element.children.indices { wipe(&element.children[index]) }
  }

  // MARK: - Reading

  private func starts(_ text: StaticString) -> Bool { bytes[at...].starts(with: "\(text)".utf8) }

  /// Goes behind the next occurrence of the text; false where there is none.
  private mutating func skip(past text: StaticString) -> Bool {
    while at < bytes.count {
      if starts(text) {
        at += text.utf8CodeUnitCount
        return true
      }
      at += 1
    }
    return false
  }

  private mutating func skipProlog() -> Bool {
    if starts("\u{feff}") { at += 3 }
    while at < bytes.count {
      if bytes[at] <= 0x20 {
        at += 1
      } else if starts("<?") {
        guard skip(past: "?>") else { return false }
      } else if starts("<!--") {
        guard skip(past: "-->") else { return false }
      } else {
        return bytes[at] == 0x3c && !starts("<!")
      }
    }
    return false
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x3a: true
    default: false
    }
  }

  private mutating func element(depth: Int) -> Element? {
    guard depth < XMLAnswer.maximumDepth, at < bytes.count, bytes[at] == 0x3c else { return nil }
    at += 1
    let start = at
    while at < bytes.count, XMLAnswer.isNameByte(bytes[at]) { at += 1 }
    var element = Element(name: Array(bytes[start..<at]))
    guard !element.name.isEmpty, let isEmpty = skipAttributes() else { return nil }
    if isEmpty { return element }
    while at < bytes.count {
      if starts("</") {
        at += 2
        guard bytes[at...].starts(with: element.name) else { return nil }
        at += element.name.count
        return skip(past: ">") ? element : nil
      }
      if starts("<!--") {
        guard skip(past: "-->") else { return nil }
      } else if starts("<!") || starts("<?") {
        return nil
      } else if bytes[at] == 0x3c {
        guard let child = self.element(depth: depth + 1) else { return nil }
        element.children.append(child)
      } else if bytes[at] == 0x26 {
        guard entity(&element.text) else { return nil }
      } else {
        element.text.append(bytes[at])
        at += 1
      }
    }
    return nil
  }

  /// Whether the tag ends the element too; nil where it does not end.
  private mutating func skipAttributes() -> Bool? {
    var quote: UInt8?
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == 0x22 || byte == 0x27 {
        quote = byte
      } else if byte == 0x3e {
        return bytes[at - 2] == 0x2f
      } else if byte == 0x3c {
        return nil
      }
    }
    return nil
  }

  private mutating func entity(_ text: inout [UInt8]) -> Bool {
    guard let end = bytes[at...].prefix(12).firstIndex(of: 0x3b) else { return false }
    let name = String(decoding: bytes[(at + 1)..<end], as: UTF8.self)
    at = end + 1
    let named: [String: String] = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]
    if let value = named[name] {
      text.append(contentsOf: value.utf8)
      return true
    }
    guard name.hasPrefix("#") else { return false }
    let number = name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst(1))
    guard let scalar = number.flatMap(Unicode.Scalar.init), scalar.value > 0 else { return false }
    text.append(contentsOf: String(Character(scalar)).utf8)
    return true
  }

  // MARK: - Writing

  private static func write(_ element: Element, _ result: inout [UInt8]) {
    if element.children.isEmpty { return string(element.text, &result) }
    let isList = element.children.allSatisfy { $0.name == Array("member".utf8) }
    result.append(isList ? 0x5b : 0x7b)
    var seen: [[UInt8]] = []
    for child in element.children where isList || !seen.contains(child.name) {
      if !seen.isEmpty { result.append(0x2c) }
      seen.append(child.name)
      if isList {
        write(child, &result)
        continue
      }
      let same = element.children.filter { $0.name == child.name }
      string(child.name, &result)
      result.append(0x3a)
      if same.count == 1 {
        write(child, &result)
      } else {
        result.append(0x5b)
        for (index, item) in same.enumerated() {
          if index > 0 { result.append(0x2c) }
          write(item, &result)
        }
        result.append(0x5d)
      }
    }
    result.append(isList ? 0x5d : 0x7d)
  }

  private static func string(_ text: [UInt8], _ result: inout [UInt8]) {
    result.append(0x22)
    for byte in text {
      switch byte {
      case 0x22, 0x5c:
        result.append(0x5c)
        result.append(byte)
      case 0..<0x20: result.append(contentsOf: "\\u00\(byte < 16 ? "0" : "1")\(String(byte % 16, radix: 16))".utf8)
      default: result.append(byte)
      }
    }
    result.append(0x22)
  }
}
