"""The model in NumPy, for prediction: the same function as `hier_rnn.model`, without TensorFlow."""
