"""Exponentially weighted averages, simple forecasts, series with known truth and recurrent networks, as a library."""
