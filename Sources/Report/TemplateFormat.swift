// Go's printf, its numbers and its dates, as far as report templates use them.

internal import Model

enum TemplateFormat {
  /// Go's `%q`: quotes, and escapes for what can't be seen.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case "\u{07}": result += "\\a"
      case "\u{08}": result += "\\b"
      case "\u{0b}": result += "\\v"
      case "\u{0c}": result += "\\f"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f: result += "\\x" + hex(scalar.value, 2)
      case _ where isUnseen(scalar):
        result += scalar.value < 0x10000 ? "\\u" + hex(scalar.value, 4) : "\\U" + hex(scalar.value, 8)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private static func isUnseen(_ scalar: UnicodeScalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: true
    case .spaceSeparator: scalar != " "
    default: false
    }
  }

  private static func hex(_ value: UInt32, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  private struct Verb {
    var letter: Character = " "
    var width = 0
    var precision: Int?
    var isLeft = false
    var hasZeros = false
    var hasSign = false
    var isSharp = false
  }

  /// A text with its verbs filled in; what does not fit is written as Go writes it.
  static func format(_ format: String, _ values: [TemplateValue]) throws(TemplateFault) -> String {
    var result = ""
    var rest = format[...]
    var next = 0
    while let character = rest.popFirst() {
      guard character == "%" else {
        result.append(character)
        continue
      }
      let verb = try verb(&rest)
      if verb.letter == "%" {
        result += "%"
        continue
      }
      guard next < values.count else {
        result += "%!\(verb.letter)(MISSING)"
        continue
      }
      result += try padded(text(verb, values[next]), verb)
      next += 1
    }
    if next < values.count {
      result += "%!(EXTRA \(values[next...].map { "\($0.goKind)=\($0.printed())" }.joined(separator: ", ")))"
    }
    return result
  }

  private static func verb(_ rest: inout Substring) throws(TemplateFault) -> Verb {
    var verb = Verb()
    while let flag = rest.first, "-+#0 ".contains(flag) {
      rest.removeFirst()
      if flag == "-" { verb.isLeft = true }
      if flag == "0" { verb.hasZeros = true }
      if flag == "+" { verb.hasSign = true }
      if flag == "#" { verb.isSharp = true }
    }
    verb.width = try number(&rest) ?? 0
    if rest.first == "." {
      rest.removeFirst()
      verb.precision = try number(&rest) ?? 0
    }
    guard let letter = rest.popFirst() else { throw TemplateFault("the format ends within a %") }
    guard "vsdqfFgxXctT%".contains(letter) else {
      throw TemplateFault("%\(letter) is not supported")
    }
    verb.letter = letter
    return verb
  }

  private static func number(_ rest: inout Substring) throws(TemplateFault) -> Int? {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    if digits.isEmpty {
      if rest.first == "*" { throw TemplateFault("a width of * is not supported") }
      return nil
    }
    rest = rest.dropFirst(digits.count)
    guard let number = Int(digits), number <= 10_000 else { throw TemplateFault("a width of \(digits) is too much") }
    return number
  }

  private static func text(_ verb: Verb, _ value: TemplateValue) throws(TemplateFault) -> String {
    switch (verb.letter, value) {
    case ("v", .text(let text)) where verb.isSharp: return quoted(text)
    case ("v", .integer(let number)), ("d", .integer(let number)):
      return (verb.hasSign && number >= 0 ? "+" : "") + "\(number)"
    case ("v", _): return value.printed()
    case ("s", .text(let text)): return verb.precision.map { String(text.prefix($0)) } ?? text
    case ("s", .list), ("s", .map), ("s", .record), ("s", .time): return value.printed()
    case ("q", .text(let text)): return quoted(text)
    case ("q", .list(let values)):
      return "[\(values.map { quoted(TemplateFunctions.text($0)) }.joined(separator: " "))]"
    case ("q", .integer(let number)):
      return UInt32(exactly: number).flatMap { UnicodeScalar($0) }.map { "'\($0)'" } ?? "'\u{fffd}'"
    case ("f", .float(let number)), ("F", .float(let number)):
      return (verb.hasSign && number >= 0 ? "+" : "") + TemplateNumber.fixed(number, min(verb.precision ?? 6, 15))
    case ("g", .float(let number)): return TemplateNumber.shortest(number)
    case ("t", .boolean(let flag)): return flag ? "true" : "false"
    case ("c", .integer(let number)):
      return UInt32(exactly: number).flatMap { UnicodeScalar($0) }.map { String($0) } ?? "\u{fffd}"
    case ("x", .integer(let number)): return String(number, radix: 16)
    case ("X", .integer(let number)): return String(number, radix: 16, uppercase: true)
    case ("x", .text(let text)): return text.utf8.map { hex(UInt32($0), 2) }.joined()
    case ("X", .text(let text)): return text.utf8.map { hex(UInt32($0), 2) }.joined().uppercased()
    case ("T", _): return value.goKind
    default: return "%!\(verb.letter)(\(value.goKind)=\(value.printed()))"
    }
  }

  private static func padded(_ text: String, _ verb: Verb) -> String {
    let missing = verb.width - text.count
    guard missing > 0 else { return text }
    if verb.isLeft { return text + String(repeating: " ", count: missing) }
    guard verb.hasZeros, "dfFgxX".contains(verb.letter) else { return String(repeating: " ", count: missing) + text }
    let sign = text.hasPrefix("-") || text.hasPrefix("+") ? 1 : 0
    return text.prefix(sign) + String(repeating: "0", count: missing) + text.dropFirst(sign)
  }
}

/// Numbers as Go prints them.
enum TemplateNumber {
  /// The shortest digits that mean the same number: `3`, `3.25`, `1e+21`.
  static func shortest(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == 0 { return value.sign == .minus ? "-0" : "0" }
    // Swift's own text has the shortest digits, too: only where the point stands differs.
    let text = "\(abs(value))".lowercased()
    let parts = text.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var digits = String(mantissa[0]) + (mantissa.count > 1 ? String(mantissa[1]) : "")
    var point = mantissa[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.hasPrefix("0"), digits.count > 1 {
      digits.removeFirst()
      point -= 1
    }
    while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
    let sign = value < 0 ? "-" : ""
    let exponent = point - 1
    if exponent < -4 || exponent >= 21 {
      let size = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
      let rest = digits.dropFirst()
      return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest) + "e\(exponent < 0 ? "-" : "+")\(size)"
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
    return sign + digits.prefix(point) + "." + digits.dropFirst(point)
  }

  /// With so many digits behind the point, rounded to the nearest, of two equally near to the even one.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return shortest(value) }
    let scale = (0..<digits).reduce(1.0) { scaled, _ in scaled * 10 }
    let size = abs(value)
    let product = size * scale
    guard product < 9_007_199_254_740_992 else { return shortest(value) }
    // What the product lost in rounding decides where it lies half-way.
    let lost = (-product).addingProduct(size, scale)
    var whole = product.rounded(.down)
    let rest = (product - whole) - 0.5
    if rest > 0 || rest == 0 && (lost > 0 || lost == 0 && whole.truncatingRemainder(dividingBy: 2) == 1) { whole += 1 }
    var text = "\(Int64(whole))"
    if text.count <= digits { text = String(repeating: "0", count: digits + 1 - text.count) + text }
    let sign = value < 0 && whole > 0 ? "-" : ""
    return sign + text.dropLast(digits) + (digits > 0 ? "." + text.suffix(digits) : "")
  }
}

/// Dates by Go's layouts: what 2 January 2006, 15:04:05, would look like. In UTC.
enum TemplateDate {
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let days = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]

  static func format(_ seconds: Int64, _ layout: String) -> String {
    let day = Int(floor(seconds, by: 86_400))
    let second = Int(seconds - Int64(day) * 86_400)
    let (year, month, date) = Timestamp.civil(day)
    let hour = second / 3_600
    let weekday = days[((day % 7) + 7) % 7]
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let twelve = hour % 12 == 0 ? 12 : hour % 12
    let pieces: [(String, String)] = [
      ("January", months[month - 1]), ("Jan", String(months[month - 1].prefix(3))), ("Monday", weekday),
      ("Mon", String(weekday.prefix(3))), ("MST", "UTC"), ("2006", "\(year)"), ("Z07:00", "Z"), ("-07:00", "+00:00"),
      ("-0700", "+0000"), ("01", two(month)), ("02", two(date)), ("03", two(twelve)), ("04", two(second / 60 % 60)),
      ("05", two(second % 60)), ("06", two(year % 100)), ("15", two(hour)), ("PM", hour < 12 ? "AM" : "PM"),
      ("pm", hour < 12 ? "am" : "pm"), ("_2", date < 10 ? " \(date)" : "\(date)"), ("1", "\(month)"), ("2", "\(date)"),
      ("3", "\(twelve)"), ("4", "\(second / 60 % 60)"), ("5", "\(second % 60)"),
    ]
    var result = ""
    var rest = layout[...]
    while let character = rest.first {
      if let piece = pieces.first(where: { rest.hasPrefix($0.0) }) {
        result += piece.1
        rest = rest.dropFirst(piece.0.count)
      } else {
        result.append(character)
        rest.removeFirst()
      }
    }
    return result
  }

  private static func floor(_ value: Int64, by divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
  }
}
