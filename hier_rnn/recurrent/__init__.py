"""Recurrent layers that compute no step twice and none in vain: GRU over tries, packed LSTM."""
