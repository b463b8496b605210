enum GenericWeights {
  static let features = 0
  static let bias = 0
  static let trees: StaticString = ""
}
